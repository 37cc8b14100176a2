import CLibSSL

extension ServerConnection {
    /// Decrypts up to a record's plaintext (16 KiB) of what was lent.
    ///
    /// Reading goes on bringing `closeNotify` or `truncated` once it has.
    package func read(into target: UnsafeMutableRawBufferPointer) -> ReadProgress {
        guard let ssl, case .open = phase else { return .failed(standingFault) }
        guard target.count > 0 else { return .wantsInput }
        ErrorQueue.clear()
        var count = 0
        let result = SSL_read_ex(ssl, target.baseAddress, target.count, &count)
        if result == 1 { return .bytes(count) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ:
            return .wantsInput
        case SSL_ERROR_ZERO_RETURN:
            // SSL_OP_IGNORE_UNEXPECTED_EOF makes a bare end look like a close_notify; the alert itself tells them apart.
            return hasReceivedCloseNotify ? .closeNotify : .truncated
        default:
            return .failed(breakOff())
        }
    }

    /// Encrypts all the bytes into the output. Nothing blocks; how much is handed over bounds the output.
    package func write(_ bytes: UnsafeRawBufferPointer) -> WriteProgress {
        guard let ssl, case .open = phase else { return .failed(standingFault) }
        guard bytes.count > 0 else { return .done }
        ErrorQueue.clear()
        var count = 0
        guard SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count) == 1 else { return .failed(breakOff()) }
        assert(count == bytes.count, "libssl wrote \(count) of \(bytes.count) bytes without partial writes")
        return .done
    }

    /// Writes our close_notify, once; the session stays resumable. The client may go on sending.
    ///
    /// Without a finished handshake, or on a broken connection, it does nothing: there is no one to tell.
    package func sendCloseNotify() {
        guard let ssl, case .open = phase, !isSettled else { return }
        isSettled = true
        ErrorQueue.clear()
        // Once: 0 means that the client's own is still to come, which is not waited for.
        if SSL_shutdown(ssl) < 0 { abandon() }
        ErrorQueue.clear()
    }

    /// Settles the books for a socket that is dead or blocked: nothing goes out, and the session stays resumable.
    package func abandon() {
        guard let ssl else { return }
        isSettled = true
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }

    private func breakOff() -> ConnectionFault {
        let fault = connectionFault(ErrorQueue.drain())
        phase = .failed(fault)
        return fault
    }

    /// What a call on a connection that is not open comes to.
    private var standingFault: ConnectionFault {
        if case .failed(let fault?) = phase { return fault }
        return .error([])
    }
}
