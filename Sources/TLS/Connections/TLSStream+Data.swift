import CRepriseOpenSSL

extension TLSStream {
    /// Decrypts up to a record's plaintext (16 KiB) of the lent bytes.
    ///
    /// Once it has returned `closeNotify` or `truncated`, it returns the same again.
    package func read(into target: UnsafeMutableRawBufferPointer) -> ReadProgress {
        output.assertConfined()
        guard let ssl, isOpen else { return .failed(standingFault) }
        guard target.count > 0 else { return .wantsInput }
        ErrorQueue.clear()
        var count = 0
        let result = SSL_read_ex(ssl, target.baseAddress, target.count, &count)
        if result == 1 { return .bytes(count) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ:
            return .wantsInput
        case SSL_ERROR_ZERO_RETURN:
            // SSL_OP_IGNORE_UNEXPECTED_EOF makes a bare end look like a close_notify; the alert itself tells them
            // apart.
            return alerts.closeNotifyReceived ? .closeNotify : .truncated
        default:
            return .failed(breakOff(ErrorQueue.drain()))
        }
    }

    /// Whether another ``read(into:)`` after one that returned fewer bytes than it had room for would only find that more
    /// must be received first: libssl holds no plaintext then, and no bytes are left of the loan.
    package var hasReadAll: Bool { transport.pointee.isUsedUp }

    /// Encrypts all the bytes into the output. Nothing blocks; how much is handed over bounds the output.
    package func write(_ bytes: RawSpan) -> WriteProgress {
        output.assertConfined()
        guard let ssl, isOpen else { return .failed(standingFault) }
        guard !bytes.isEmpty else { return .done }
        ErrorQueue.clear()
        var count = 0
        guard bytes.withUnsafeBytes({ SSL_write_ex(ssl, $0.baseAddress, $0.count, &count) }) == 1 else {
            return .failed(breakOff(ErrorQueue.drain()))
        }
        assert(count == bytes.byteCount, "libssl wrote \(count) of \(bytes.byteCount) bytes without partial writes")
        return .done
    }

    /// The result of a call on a connection that is not open.
    private var standingFault: ConnectionFault {
        if case .broken(let fault) = phase { return fault }
        return .error([])
    }
}
