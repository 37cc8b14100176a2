import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// What a session remembers, at its limits and one over.
@Suite struct ResumptionStateTests {
    private func state(certificates: Int = 0, serial: Int = 8, name: Int = 6) -> ResumptionState {
        let lineage = LineageID(SessionCrypto.bytes(LineageID.byteCount))
        guard let lineage else { preconditionFailure("no lineage") }
        let chain = (0..<certificates).map {
            PeerChain.Certificate(
                issuer: PeerChain.Issuer(name: UInt32($0), key: .max - UInt64($0)),
                serial: [UInt8](repeating: 7, count: serial), isAuthority: $0 > 0,
                points: [UInt64](repeating: 9, count: TLSLimits.distributionPoints))
        }
        return ResumptionState(
            lineage: Lineage(id: lineage, authenticatedAt: MemoryServer.now), expires: MemoryServer.now,
            host: HostDigest(value: 1),
            name: [UInt8](repeating: 0x61, count: name),
            peer: chain.isEmpty ? nil : PeerChain(notAfter: MemoryServer.now, certificates: chain))
    }

    @Test func `application data fits up to its limit, and not one byte more`() {
        var state = state()
        let most = ResumptionLimits.applicationDataBytes
        for count in [0, 1, most - 1, most] {
            let data = [UInt8](repeating: 3, count: count)
            let fits = state.remember(data, set: 1)
            #expect(fits && ResumptionState(state.encoded)?.applicationData == data)
        }
        let before = state
        for count in [most + 1, 65_535, 65_536, 1 << 20] {
            let fits = state.remember([UInt8](repeating: 4, count: count), set: 1)
            #expect(!fits && state == before, "what did not fit has changed nothing")
        }
    }

    @Test func `an upstream server is remembered beside everything else, and costs nothing where there is none`() {
        var state = state(certificates: ResumptionLimits.rememberedCertificates, serial: 255, name: 255)
        _ = state.remember([UInt8](repeating: 3, count: ResumptionLimits.applicationDataBytes), set: 1)
        let without = state.encoded
        // What earlier versions of the program read and write.
        #expect(without.first == 2)
        state.upstream = Stamped(value: UpstreamMemory(group: 1, server: .max, address: 0), set: 7)
        let bytes = state.encoded
        #expect(bytes.count == without.count + 32 && bytes.count <= ResumptionLimits.stateBytes)
        #expect(ResumptionState(bytes) == state)
        for count in 0..<bytes.count { #expect(ResumptionState(Array(bytes.prefix(count))) == nil) }
    }

    @Test func `what claims more application data than the limit is not ours`() {
        var state = state()
        _ = state.remember([UInt8](repeating: 3, count: ResumptionLimits.applicationDataBytes), set: 1)
        var bytes = state.encoded
        // The count, with a bit that says that eight bytes of time follow.
        let length = bytes.count - ResumptionLimits.applicationDataBytes - 10
        #expect(bytes[length] == 0x81 && bytes[length + 1] == 0)
        bytes[length + 1] = 1
        #expect(ResumptionState(bytes) == nil, "cut off")
        #expect(ResumptionState(bytes + [3]) == nil, "one over")
    }

    @Test func `everything at its limit at once stays under the limit of all`() {
        var state = state(certificates: ResumptionLimits.rememberedCertificates, serial: 255, name: 255)
        _ = state.remember([UInt8](repeating: 3, count: ResumptionLimits.applicationDataBytes), set: 1)
        #expect(state.encoded.count <= ResumptionLimits.stateBytes)
        #expect(ResumptionState(state.encoded) == state)
    }

    @Test func `a chain or a serial number that is too long is remembered as too long`() {
        for long in [
            state(certificates: ResumptionLimits.rememberedCertificates + 1), state(certificates: 1, serial: 256),
        ] {
            #expect(long.peer != nil && long.peer?.certificates == nil)
            #expect(ResumptionState(long.encoded) == long)
            let objection = ResumptionPolicy().objection(
                to: long, at: WallTime(secondsSinceEpoch: MemoryServer.now.secondsSinceEpoch - 1),
                denyList: DenyList(capacity: 1))
            #expect(objection == .chainTooLong)
        }
    }

    @Test func `no bytes whatever are taken for a state but those that were written`() {
        let good = state(certificates: 2).encoded
        for count in 0..<good.count { #expect(ResumptionState(Array(good.prefix(count))) == nil) }
        #expect(ResumptionState(good + [0]) == nil)
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 0xff
            if let read = ResumptionState(bytes) { #expect(read.encoded == bytes) }
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session that remembers all it may resumes, and remembers it on`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        let data = (0..<ResumptionLimits.applicationDataBytes).map { UInt8($0) }
        func connect(_ resuming: MemoryClient.Session?) throws -> (MemoryClient.Session?, [[UInt8]]) {
            var sessions: ForwardingSessions?
            let pair = try MemoryPair(server: listener, client: carrier.client(resuming: resuming)) { kept in
                let forwarding = ForwardingSessions(kept)
                if resuming == nil {
                    forwarding.remembers = { bytes in
                        var state = ResumptionState(bytes)
                        _ = state?.remember(data, set: 1)
                        return state?.encoded ?? []
                    }
                }
                sessions = forwarding
                return forwarding
            }
            #expect(pair.handshake() == .done)
            #expect(pair.client.wasResumed == (resuming != nil))
            pair.server.sendCloseNotify()
            return (pair.client.sessions.last, sessions?.judged ?? [])
        }
        var (session, _) = try connect(nil)
        for _ in 0..<3 {
            let (next, judged) = try connect(session)
            #expect(judged.map { ResumptionState($0)?.applicationData } == [data])
            session = next ?? session
        }
    }
}
