import CRepriseOpenSSL

/// Counts when libssl lets go of a session's memory.
final class FreeCount {
    private(set) var count: CInt = 0

    init(_ session: OpaquePointer) {
        // Unretained: the counter outlives the session.
        SSL_SESSION_set_ex_data(session, freeIndex, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func add() { count += 1 }
}

private let freeIndex = CRYPTO_get_ex_new_index(
    CRYPTO_EX_INDEX_SSL_SESSION, 0, nil, nil,
    { _, _, copied, _, _, _ in
        // TLS 1.3 goes on with copies, which are not counted.
        copied?.pointee = nil
        return 1
    },
    { _, slot, _, _, _, _ in
        guard let slot else { return }
        Unmanaged<FreeCount>.fromOpaque(slot).takeUnretainedValue().add()
    })
