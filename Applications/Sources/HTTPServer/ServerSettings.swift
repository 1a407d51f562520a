/// The limits of a server; all are in force unless changed.
package struct ServerSettings: Sendable {
  /// How many connections are served at once; further ones wait in the system's queue.
  package var connectionMaximum = 4096
  /// How many bytes the request line and the header fields may have together; more is answered with 431.
  package var headMaximum = 65_536
  /// How many bytes the body of a request may have; more is answered with 413.
  package var bodyMaximum = 1_048_576
  /// How long a connection may wait for its first or next request, header included.
  package var idleTimeout = Duration.seconds(60)
  /// How long the body of a request may take after its header; then it is answered with 408.
  package var bodyTimeout = Duration.seconds(30)
  /// How long a client may take nothing of an answer that is ready before it is cut off.
  package var stallTimeout = Duration.seconds(30)
  /// How long requests under way may take when the server shuts down.
  package var drainTimeout = Duration.seconds(10)
  /// Is told of every error that a handler throws; the client gets 500, or a cut connection once its answer has
  /// begun.
  package var handlerFailed: @Sendable (Request, any Error) -> Void = { _, _ in }

  /// The default limits.
  package init() {}
}
