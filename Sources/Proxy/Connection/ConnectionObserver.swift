package import RepriseTLS
package import RepriseVocabulary

/// Someone in the same process who wants to know which TLS connection stands behind an upstream connection.
///
/// Called on the worker's loop: it must not block. The demo's built-in upstream is one.
package protocol ConnectionObserver: Sendable {
    /// An upstream took the connection; none of the client's bytes have been sent to it yet.
    ///
    /// - Parameter local: our end of the upstream connection, which the upstream sees as its peer.
    func connected(_ record: ConnectionRecord, _ summary: HandshakeSummary, from local: Endpoint)
    /// The connection whose upstream end was `local` is over.
    func ended(from local: Endpoint)
}
