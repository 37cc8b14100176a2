/// The calls that a server's connection forwards to its ``TLSStream``.
///
/// Written out instead of inherited from a protocol: all bytes pass here, and a witness table would slow them down.
extension ServerConnection {
    /// ``TLSStream/lend(_:)``
    package func lend(_ input: UnsafeRawBufferPointer) { stream.lend(input) }

    /// ``TLSStream/inputEnded()``
    package func inputEnded() { stream.inputEnded() }

    /// ``TLSStream/endTurn()``
    package func endTurn() { stream.endTurn() }

    /// ``TLSStream/read(into:)``
    package func read(into target: UnsafeMutableRawBufferPointer) -> ReadProgress { stream.read(into: target) }

    /// ``TLSStream/write(_:)``
    package func write(_ bytes: RawSpan) -> WriteProgress { stream.write(bytes) }

    /// ``TLSStream/sendCloseNotify()``
    package func sendCloseNotify() { stream.sendCloseNotify() }

    /// ``TLSStream/markShutdown()``
    package func markShutdown() { stream.markShutdown() }

    /// ``TLSStream/close()``
    package func close() { stream.close() }

    /// ``TLSStream/keyUpdatesReceived``
    package var keyUpdatesReceived: Int { stream.keyUpdatesReceived }

    var ssl: OpaquePointer? { stream.ssl }
}
