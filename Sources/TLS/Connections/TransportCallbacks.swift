import CRepriseOpenSSL

// Our BIO (BIO_meth_new(3)): no socket behind it, only a TransportState. Reading moves the bytes of this turn's one
// `recv` to libssl; writing gathers them for this turn's one `send`. Writing never blocks.

/// The method table that every connection's BIO shares. Built once, on first use; never written again.
nonisolated(unsafe) private let transportMethod: OpaquePointer? = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reprise") else { return nil }
    BIO_meth_set_read_ex(method, readTransport)
    BIO_meth_set_write_ex(method, writeTransport)
    BIO_meth_set_ctrl(method, controlTransport)
    return method
}()

/// A BIO over the state, which must outlive it; the reference is the caller's.
func makeTransport(_ state: UnsafeMutablePointer<TransportState>) -> OpaquePointer? {
    guard let method = transportMethod, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, state)
    BIO_set_init(bio, 1)
    return bio
}

private func state(of bio: OpaquePointer) -> UnsafeMutablePointer<TransportState>? {
    BIO_get_data(bio)?.assumingMemoryBound(to: TransportState.self)
}

private func readTransport(
    _ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ count: UnsafeMutablePointer<Int>?
) -> CInt {
    guard let bio, let target, let count, let state = state(of: bio) else { return 0 }
    reprise_bio_clear_retry(bio)
    let moved = state.pointee.read(into: UnsafeMutableRawBufferPointer(start: target, count: capacity))
    count.pointee = moved
    if moved > 0 { return 1 }
    guard !state.pointee.isTruncated else { return 0 }
    reprise_bio_set_retry_read(bio)
    return -1
}

private func writeTransport(
    _ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ offered: Int, _ count: UnsafeMutablePointer<Int>?
) -> CInt {
    guard let bio, let bytes, let count, let state = state(of: bio) else { return 0 }
    reprise_bio_clear_retry(bio)
    state.pointee.write(bytes, count: offered)
    count.pointee = offered
    return 1
}

/// BIO_ctrl(3): libssl flushes, and asks for the end of the stream after a read of 0.
private func controlTransport(
    _ bio: OpaquePointer?, _ command: CInt, _ number: Int, _ argument: UnsafeMutableRawPointer?
) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: return 1
    case BIO_CTRL_EOF: return bio.flatMap(state)?.pointee.isTruncated == true ? 1 : 0
    default: return 0
    }
}
