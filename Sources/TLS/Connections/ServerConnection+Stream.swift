/// What a server's connection has from its ``TLSStream``.
///
/// Written out, not given by a protocol: bytes pass here, and a witness table would be in their way.
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
