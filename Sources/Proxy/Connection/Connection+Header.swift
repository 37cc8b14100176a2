internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// Who the client is, where a proxy stands before us: the header of the PROXY protocol, before TLS begins.
extension Connection {
    /// Takes the header off the front of what came.
    ///
    /// - Returns: how many of the bytes are the header's; `nil` when TLS is not to begin, or not yet.
    func readHeader(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard machine.isAwaitingHeader else { return 0 }
        let earlier = headerBytes.count
        headerBytes.append(contentsOf: bytes.prefix(ProxyHeader.maximumBytes + 1 - earlier))
        let start: Int
        switch ProxyHeader.read(headerBytes) {
        case .incomplete: return nil
        case .header(let header, let count):
            record.proxy = ConnectionRecord.Proxy(
                endpoint: record.client, origin: header.origin, bytes: Array(headerBytes[..<count]))
            (headerBytes, start) = ([], count - earlier)
            if identify(header) { return start }
        case .fault(.absent) where takesTLSAtOnce:
            headerBytes[..<earlier].withUnsafeBytes { client.tls.stream.lend($0) }
            client.tls.stream.endTurn()
            (headerBytes, start) = ([], 0)
            if identify(nil) { return 0 }
        case .fault(let fault):
            refuseHeader(fault == .absent ? .proxyHeaderMissing : .proxyHeaderMalformed, "\(fault)")
            return nil
        }
        guard isBeingNamed else { return nil }
        // What follows waits in TLS until it begins.
        client.tls.stream.lend(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        client.tls.stream.endTurn()
        return nil
    }

    /// The client is known now, and its limits hold.
    ///
    /// - Parameter header: `nil` where none came.
    /// - Returns: whether TLS begins at once.
    private func identify(_ header: ProxyHeader?) -> Bool {
        listener.metrics.count(ProxyHeaderKind(header))
        let address: IPAddress?
        switch header?.origin {
        case .client(let told, _):
            record.client = told
            address = told.address
        // HAProxy sends LOCAL for its clients on Unix sockets, too: whoever it is must not be counted with others.
        case .local, .unknown: address = nil
        case nil: address = record.client.address
        }
        let (id, home, admission, former) = (id, WeakWorker(worker), listener.admission, entry)
        let answer = worker.name(self, address) { result in
            home.execute { core in
                guard let connection = core.connection(id) else {
                    // It has ended meanwhile, and left this to us.
                    return admission.giveBack((try? result.get()) ?? former)
                }
                connection.wasNamed(address, result)
            }
        }
        guard let answer else {
            isBeingNamed = true
            return false
        }
        return begin(address, answer)
    }

    /// Other workers have answered: in a turn of its own.
    private func wasNamed(_ address: IPAddress?, _ answer: Result<Admission.Entry, Admission.LimitError>) {
        isBeingNamed = false
        turn {
            guard begin(address, answer) else { return }
            client.stream.goOn(
                opening: { driveHandshake() }, while: { machine.client.readsClient }, { takeFromClient($0, $1) })
            mayReceive(from: .client)
        }
    }

    /// - Returns: whether TLS begins.
    private func begin(_ address: IPAddress?, _ answer: Result<Admission.Entry, Admission.LimitError>) -> Bool {
        switch answer {
        case .failure(let error):
            listener.metrics.refused(error.limit)
            refuseHeader(.overLimit, error.limit.word)
            return false
        case .success(let entry):
            self.entry = entry
            client.sessions.identify(address)
            record.times.handshakeBegan = worker.loop.now
            machine.headerDone()
            worker.handshakeBegins(of: self)
            return true
        }
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
