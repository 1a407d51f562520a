internal import Bakery
internal import CBakeryRuntime

/// The records of a run for people.
struct ScheduleReport {
  private let run: ScheduleRun
  private let records: [bakery_record]
  private let places: [UInt: CodePlace]
  private var columns: [UInt64: Int] = [:]
  private var titles: [Interleaving.Title] = []

  /// Reads the records of the last schedule, before the next one begins.
  init(_ run: ScheduleRun) {
    self.run = run
    var records = Array(run.records)
    for (number, place) in run.placesOfPoints() { records[number].place = place }
    self.records = records
    places = CodePlace.places(of: Set(records.map { UInt($0.place) }.filter { $0 != 0 }))
    for record in records where columns[record.task] == nil {
      columns[record.task] = titles.count
      let name = titles.isEmpty ? "body" : "task \(titles.count)"
      titles.append(Interleaving.Title(name: run.threadName(of: record.task) ?? name))
    }
    for record in records where record.kind == BAKERY_RECORD_CREATED { addOrigin(record) }
  }

  /// What tasks are called, by the runtime's number.
  var names: [UInt64: String] { columns.mapValues { titles[$0].name } }

  var interleaving: Interleaving {
    Interleaving(
      titles: titles,
      rows: records.filter { $0.kind == BAKERY_RECORD_RUNS }.map(row)
    )
  }

  private mutating func addOrigin(_ record: bakery_record) {
    guard let task = columns[record.task], task > 0 else { return }
    if let name = record.name {
      titles[task] = Interleaving.Title(name: "\(titles[task].name) \"\(String(cString: name))\"")
    }
    let creator = columns[record.creator].map { "created by \(titles[$0].name)" }
    // Code without a line is the compiler's thunk.
    let place = places[UInt(record.place)].flatMap { $0.location == nil ? nil : $0.text }
    titles[task].origin = [place, creator].compactMap(\.self).joined(separator: ", ")
  }

  // Safe because a record's actor is the type that the runtime wrote into an object of it, and types live for ever.
  private func row(_ record: bakery_record) -> Interleaving.Row {
    let actor = record.actor.map { "\(unsafeBitCast($0, to: Any.Type.self)): " } ?? ""
    let place = places[UInt(record.place)]?.text ?? ""
    let text = record.place == 0 ? "begins" : place.isEmpty ? "goes on" : place
    let step = Int(record.step) - 1
    let time = run.times.indices.contains(step) ? run.times[step] : Deadline(nanoseconds: 0)
    return Interleaving.Row(
      task: columns[record.task] ?? 0,
      time: time,
      text: actor + text,
      step: Int(record.step)
    )
  }
}
