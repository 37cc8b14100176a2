internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// Who the client is, where a proxy stands before us: the header of the PROXY protocol, before TLS begins.
extension Connection {
    /// Takes the header off the front of what came.
    ///
    /// - Returns: how many of the bytes are the header's; `nil` when none is left for TLS, or the connection is over.
    func readHeader(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard machine.isAwaitingHeader else { return 0 }
        let earlier = headerBytes.count
        headerBytes.append(contentsOf: bytes.prefix(ProxyHeader.maximumBytes + 1 - earlier))
        switch ProxyHeader.read(headerBytes) {
        case .incomplete: return nil
        case .header(let header, let count):
            // What follows decides what the client is: a health check ends here.
            headerBytes = []
            return identify(header) ? count - earlier : nil
        case .fault(.absent) where takesTLSAtOnce:
            guard identify(nil) else { return nil }
            headerBytes.prefix(earlier).withUnsafeBytes { client.tls.stream.lend($0) }
            client.tls.stream.endTurn()
            headerBytes = []
            return 0
        case .fault(let fault):
            refuseHeader(fault == .absent ? .proxyHeaderMissing : .proxyHeaderMalformed, "\(fault)")
            return nil
        }
    }

    /// TLS begins, with the client that the header names.
    ///
    /// - Parameter header: `nil` where none came.
    /// - Returns: whether the client is taken in.
    private func identify(_ header: ProxyHeader?) -> Bool {
        listener.metrics.count(ProxyHeaderKind(header))
        var address = record.client.address
        if let header { record.proxy = ConnectionRecord.Proxy(endpoint: record.client, header: header) }
        switch header?.origin {
        case .client(let told, _):
            record.client = told
            address = told.address
        // HAProxy sends LOCAL for its clients on Unix sockets, too: whoever it is must not be counted with others.
        case .local, .unknown: address = nil
        case nil: break
        }
        do throws(Admission.LimitError) {
            entry = try worker.identify(self, as: address)
        } catch {
            listener.metrics.refused(error.limit)
            refuseHeader(.overLimit, error.limit.word)
            return false
        }
        client.sessions.identify(address)
        record.times.handshakeBegan = worker.loop.now
        machine.headerDone()
        return true
    }

    /// The client's stream has ended before a whole header.
    func headerWasCutOff() {
        let answer = machine.clientBroke(.truncation)
        if !headerBytes.isEmpty { record.detail = "the stream ended within the PROXY protocol header" }
        handshakeIsOver(.truncated)
        leave(answer)
    }

    private func refuseHeader(_ cause: HandshakeFailure, _ detail: String) {
        record.detail = detail
        machine.headerRefused()
        handshakeIsOver(cause)
        closeClient(resetting: false)
    }

    /// The cause of a failure that is a header from one whose word is not taken.
    func headerFromStranger(_ cause: HandshakeFailure) -> HandshakeFailure? {
        guard cause == .proxyHeaderUnexpected, record.proxy == nil, listener.settings.proxyProtocol.mode != .off
        else { return nil }
        return .proxyHeaderUntrusted
    }
}
