import Proxy
import Testing
import Vocabulary

private let noon = Instant(nanoseconds: 1_000_000_000_000)
private let alice = IPAddress(ipv4: 0x7f00_0001)
private let bob = IPAddress(ipv4: 0x7f00_0002)

private func limits(_ change: (inout AdmissionLimits) -> Void) -> AdmissionLimits {
    var limits = AdmissionLimits()
    change(&limits)
    return limits
}

extension Admission {
    fileprivate func refusal(_ client: IPAddress?, _ limits: AdmissionLimits, at now: Instant = noon) -> Refusal? {
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

    @Test func `handshakes at once are bounded apart from open connections`() {
        let admission = Admission()
        let one = limits { $0.handshakes = 1 }
        #expect(admission.refusal(alice, one) == nil)
        #expect(admission.refusal(alice, one) == .handshakes)
        admission.handshakeEnded()
        #expect(admission.refusal(alice, one) == nil)
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
}
