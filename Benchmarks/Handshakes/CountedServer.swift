/// A server whose instructions are counted: one connection after the other, by calls that get bytes and give bytes.
protocol CountedServer: AnyObject {
    /// Accepts a connection.
    func accept()
    /// Takes the client's bytes as far as they go.
    func receive(_ bytes: UnsafeRawBufferPointer)
    /// Ends the connection in order.
    func close()
    /// What it has written since the last time; not counted.
    func takeOutput() -> [UInt8]
    /// Whether the open connection resumed a session; not counted.
    var hasResumed: Bool { get }
}

/// The function whose instructions callgrind counts, with all that it calls: what a server does in one call.
@inline(never) @_optimize(none)
func countedCall(_ server: any CountedServer, _ bytes: UnsafeRawBufferPointer?, isOver: Bool) {
    if isOver { return server.close() }
    guard let bytes else { return server.accept() }
    server.receive(bytes)
}
