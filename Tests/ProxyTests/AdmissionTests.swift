import RepriseProxy
import RepriseVocabulary
import Testing

private let noon = Instant(nanoseconds: 1_000_000_000_000)
private let alice = IPAddress(ipv4: 0x7f00_0001)
private let bob = IPAddress(ipv4: 0x7f00_0002)

private func limits(_ change: (inout AdmissionLimits) -> Void) -> AdmissionLimits {
    var limits = AdmissionLimits()
    change(&limits)
    return limits
}

extension Admission {
    fileprivate func refusal(_ client: IPAddress?, _ limits: AdmissionLimits, at now: Instant = noon) -> ListenerLimit?
    {
        switch admit(client, limits: limits, at: now) {
        case .success: nil
        case .failure(let error): error.limit
        }
    }
}

@Suite struct AdmissionTests {
    @Test func `the connection after the last allowed one is refused, and one that ends makes room`() throws {
        let admission = Admission()
        let two = limits { $0.connections = 2 }
        let first = try admission.admit(alice, limits: two, at: noon).get()
        #expect(admission.refusal(alice, two) == nil)
        #expect(admission.refusal(alice, two) == .connections)
        #expect(admission.openConnections == 2)
        admission.connectionEnded(first)
        #expect(admission.refusal(bob, two) == nil)
    }

    @Test func `handshakes at once are bounded apart from open connections`() throws {
        let admission = Admission()
        let one = limits { $0.handshakes = 1 }
        let entry = try admission.admit(alice, limits: one, at: noon).get()
        #expect(admission.refusal(bob, one) == .handshakes)
        admission.handshakeEnded(entry)
        #expect(admission.refusal(bob, one) == nil)
        #expect(admission.openConnections == 2)
    }

    @Test func `a refusal counts for nothing afterwards`() {
        let admission = Admission()
        let strict = limits { $0.perClient = 1 }
        #expect(admission.refusal(alice, strict) == nil)
        for _ in 0..<10 { #expect(admission.refusal(alice, strict) == .perClient) }
        #expect(admission.openConnections == 1)
        #expect(admission.refusal(bob, strict) == nil)
    }

    @Test func `the peak is the most that were open since it was asked for, however short`() throws {
        let admission = Admission()
        let any = limits { $0.handshakes = 0 }
        let entries = try (0..<5).map { _ in try admission.admit(alice, limits: any, at: noon).get() }
        for entry in entries.dropFirst() { admission.connectionEnded(entry) }
        #expect(admission.takePeak() == (1, 5))
        #expect(admission.takePeak() == (1, 1))
    }

    @Test func `a client that leaves may come back`() throws {
        let admission = Admission()
        let strict = limits { $0.perClient = 1 }
        let entry = try admission.admit(alice, limits: strict, at: noon).get()
        admission.connectionEnded(entry)
        #expect(admission.refusal(alice, strict) == nil)
    }

    @Test func `the handshake rate allows a second's worth at once and refills with time`() {
        let admission = Admission()
        let ten = limits { $0.handshakeRate = 10 }
        for _ in 0..<10 { #expect(admission.refusal(alice, ten) == nil) }
        #expect(admission.refusal(alice, ten) == .handshakeRate)
        #expect(admission.refusal(alice, ten, at: noon + .milliseconds(99)) == .handshakeRate)
        #expect(admission.refusal(alice, ten, at: noon + .milliseconds(100)) == nil)
        #expect(admission.refusal(alice, ten, at: noon + .milliseconds(101)) == .handshakeRate)
    }

    @Test func `a client on a Unix socket counts for no address`() {
        let admission = Admission()
        let strict = limits { $0.perClient = 1 }
        for _ in 0..<5 { #expect(admission.refusal(nil, strict) == nil) }
    }

    @Test func `one client has half of the handshakes, or its share in the file`() throws {
        for (share, most) in [(nil, 2), (1, 1), (3, 3)] as [(Int?, Int)] {
            let admission = Admission()
            let four = limits { ($0.handshakes, $0.handshakesPerClient) = (4, share) }
            let entries = try (0..<most).map { _ in try admission.admit(alice, limits: four, at: noon).get() }
            #expect(admission.refusal(alice, four) == .handshakesPerClient)
            #expect(
                admission.refusal(bob, four) == nil && admission.refusal(nil, four) == (most < 3 ? nil : .handshakes))
            admission.handshakeEnded(entries[0])
            #expect(admission.refusal(alice, four) == nil)
        }
        let unbounded = Admission()
        let any = limits { $0.handshakes = 0 }
        for _ in 0..<1000 { #expect(unbounded.refusal(alice, any) == nil) }
    }

    /// Each limit in its order, with all that come after it used up as well.
    @Test func `the limits are asked in their order, and a refusal by one uses up nothing of another`() throws {
        let all = limits {
            ($0.perClient, $0.connections, $0.handshakeRate, $0.handshakesPerClient, $0.handshakes) = (1, 1, 1, 1, 1)
        }
        let order: [ListenerLimit] = [.perClient, .connections, .handshakeRate, .handshakesPerClient, .handshakes]
        #expect(Set(order) == Set(ListenerLimit.allCases).subtracting([.keyUpdates]))
        for (place, limit) in order.enumerated() {
            let admission = Admission()
            // Alice is in, and what stands before the limit in question is lifted.
            _ = try admission.admit(alice, limits: all, at: noon).get()
            var lifted = all
            if place > 0 { lifted.perClient = 0 }
            if place > 1 { lifted.connections = 100 }
            if place > 2 { lifted.handshakeRate = 0 }
            if place > 3 { lifted.handshakesPerClient = 0 }
            for _ in 0..<100 { #expect(admission.refusal(alice, lifted) == limit) }
            // A minute later, with the limit itself lifted for one more connection, everything else is as it was.
            let two = limits {
                ($0.connections, $0.handshakeRate, $0.handshakesPerClient, $0.handshakes) = (2, 1, 1, 2)
            }
            #expect(admission.openConnections == 1 && admission.refusal(bob, two, at: noon + .seconds(60)) == nil)
        }
    }

    @Test func `who is over its own limit takes no token of the rate`() {
        let admission = Admission()
        let limits = limits { ($0.perClient, $0.handshakeRate) = (1, 2) }
        #expect(admission.refusal(alice, limits) == nil)
        for _ in 0..<100 { #expect(admission.refusal(alice, limits) == .perClient) }
        #expect(admission.refusal(bob, limits) == nil)
    }
}
