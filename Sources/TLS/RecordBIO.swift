internal import CLibSSL

/// The BIO through which libssl reads and writes a ``RecordTransport``.
enum RecordBIO {
    private static nonisolated(unsafe) let method: OpaquePointer? = {
        let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reprise records")
        BIO_meth_set_read(method, readCallback)
        BIO_meth_set_write(method, writeCallback)
        BIO_meth_set_ctrl(method, controlCallback)
        return method
    }()

    private static let BIO_TYPE_SOURCE_SINK: CInt = 0x0400

    /// A BIO over that transport, which must outlive it.
    static func make(_ transport: UnsafeMutablePointer<RecordTransport>) -> OpaquePointer? {
        guard let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, transport)
        BIO_set_init(bio, 1)
        return bio
    }
}

private func transport(_ bio: OpaquePointer?) -> UnsafeMutablePointer<RecordTransport>? {
    BIO_get_data(bio)?.assumingMemoryBound(to: RecordTransport.self)
}

private func readCallback(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ length: CInt) -> CInt {
    guard let transport = transport(bio), let bytes, length > 0 else { return 0 }
    reprise_BIO_clear_retry_flags(bio)
    let count = transport.pointee.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: Int(length)))
    if count < 0 { reprise_BIO_set_retry_read(bio) }
    return CInt(count)
}

private func writeCallback(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ length: CInt) -> CInt {
    guard let transport = transport(bio), let bytes, length > 0 else { return 0 }
    reprise_BIO_clear_retry_flags(bio)
    transport.pointee.output.append(UnsafeRawBufferPointer(start: bytes, count: Int(length)))
    return length
}

private func controlCallback(
    _ bio: OpaquePointer?, _ command: CInt, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: transport(bio)?.pointee.endWasDelivered == true ? 1 : 0
    default: 0
    }
}
