internal import Synchronization

/// All open connections of a server, also those that still wait for a place.
final class Connections: Sendable {
  private struct State {
    var open: [ObjectIdentifier: Connection] = [:]
    var isDraining = false
  }

  private let state = Mutex(State())

  func add(_ connection: Connection) {
    let key = ObjectIdentifier(connection)
    let isDraining = state.withLock { state in
      state.open[key] = connection
      return state.isDraining
    }
    connection.whenClosed { [self] in
      state.withLock { _ = $0.open.removeValue(forKey: key) }
    }
    if isDraining { connection.drain() }
  }

  /// Lets every connection end after the request that is under way.
  func drain() {
    let open = state.withLock { state in
      state.isDraining = true
      return Array(state.open.values)
    }
    for connection in open { connection.drain() }
  }

  /// Closes what is left: connections that were accepted and never served.
  func close() {
    for connection in state.withLock({ Array($0.open.values) }) { connection.close() }
  }
}
