internal import Bakery

/// Keeps the bodies that are in memory at one time within a limit of bytes.
///
/// Each fetch slot owns a small share. A body that outgrows it moves into one of a few large rooms, each as big as a body may become,
/// and waits, unread, until one is free. Whoever holds a large room needs nothing more to finish, so slots cannot wait for one
/// another in a circle.
struct BodyRooms: Sendable {
  /// What a slot may hold without asking, in bytes.
  let share: Int
  /// What a body may become, in bytes.
  let bodyMaximum: Int

  private let large: AsyncSemaphore

  /// Cuts `memory` bytes into a share for each of `slots` slots, at most half of it together, and large rooms from the rest.
  ///
  /// - Throws: `SettingsError` when not even one large room fits.
  init(memory: Int, slots: Int, bodyMaximum: Int) throws(SettingsError) {
    let share = min(256 * 1024, bodyMaximum, memory / 2 / slots)
    let rooms = (memory - share * slots) / bodyMaximum
    guard rooms >= 1 else {
      throw SettingsError(
        "--memory \(byteText(memory)) has no room for a page of --max-size \(byteText(bodyMaximum)); "
          + "give at least \(byteText(bodyMaximum * 2))"
      )
    }
    self.share = share
    self.bodyMaximum = bodyMaximum
    self.large = AsyncSemaphore(limit: rooms, name: "large bodies")
  }

  /// Waits for a large room.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  func enterLarge() async throws -> LargeRoom {
    LargeRoom(try await large.acquire())
  }
}

/// A large room, held for as long as this object lives: first by the body, then by what was taken from it until that is stored.
final class LargeRoom: Sendable {
  private let permit: Permit

  init(_ permit: consuming Permit) {
    self.permit = permit
  }
}
