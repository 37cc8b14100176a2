import RepriseVocabulary
import Testing

@testable import RepriseProxy

/// Who makes way when there are too many handshakes.
@Suite struct HandshakeQueueTests {
    private let noon = Instant(nanoseconds: 1_000_000_000_000)
    private let alice = IPAddress(ipv4: 0x7f00_0001)
    private let bob = IPAddress(ipv4: 0x7f00_0002)

    /// Handshakes under way, the oldest first.
    private struct Scene {
        var queue = HandshakeQueue()
        var handshakes: [ConnectionID: HandshakeQueue.Handshake] = [:]

        mutating func add(
            _ number: UInt64, of client: IPAddress?, at time: Instant, hasHello: Bool = false,
            hasUnreadBytes: Bool = false, roundTrip: Duration = .zero
        ) {
            let id = ConnectionID(number)
            handshakes[id] = HandshakeQueue.Handshake(
                client: client, waitsSince: time, hasHello: hasHello, hasUnreadBytes: { hasUnreadBytes },
                roundTrip: { roundTrip })
            let known = handshakes
            queue.append(id, of: client) { known[$0] }
        }

        mutating func whoMakesWay(for client: IPAddress?, ownOnly: Bool = false, at time: Instant) -> UInt64? {
            let known = handshakes
            return queue.whoMakesWay(
                for: client, ownOnly: ownOnly, at: time,
                held: { client in known.values.count { $0.client == client } }, { known[$0] })?.value
        }
    }

    @Test func `the one that has sent no whole ClientHello for longest makes way`() {
        var scene = Scene()
        scene.add(1, of: alice, at: noon, hasHello: true)
        scene.add(2, of: alice, at: noon + .milliseconds(1))
        scene.add(3, of: bob, at: noon + .milliseconds(2))
        let later = noon + .milliseconds(500)
        #expect(scene.whoMakesWay(for: bob, at: later) == 2)
        scene.handshakes[ConnectionID(2)] = nil
        #expect(scene.whoMakesWay(for: bob, at: later) == 3)
        scene.handshakes[ConnectionID(3)]?.hasHello = true
        #expect(scene.whoMakesWay(for: bob, at: later) == nil)
    }

    @Test func `a client that has just come, or has sent what was not read yet, is not taken for silent`() {
        var scene = Scene()
        scene.add(1, of: alice, at: noon)
        #expect(scene.whoMakesWay(for: bob, at: noon + (HandshakeQueue.silence - .nanoseconds(1))) == nil)
        #expect(scene.whoMakesWay(for: bob, at: noon + HandshakeQueue.silence) == 1)
        #expect(scene.whoMakesWay(for: alice, at: noon + (HandshakeQueue.longSilence - .nanoseconds(1))) == nil)
        #expect(scene.whoMakesWay(for: alice, at: noon + HandshakeQueue.longSilence) == 1)
        var unread = Scene()
        unread.add(1, of: alice, at: noon, hasUnreadBytes: true)
        #expect(unread.whoMakesWay(for: bob, at: noon + .seconds(9)) == nil)
    }

    @Test func `a client that has many makes way for one that has few, and not the other way round`() {
        var scene = Scene()
        for number in 1...2 as ClosedRange<UInt64> { scene.add(number, of: alice, at: noon, hasHello: true) }
        let soon = noon + HandshakeQueue.pause
        #expect(scene.whoMakesWay(for: bob, at: noon + .milliseconds(20)) == nil)
        #expect(scene.whoMakesWay(for: bob, at: soon) == 1)
        #expect(scene.whoMakesWay(for: alice, at: soon) == nil)
        scene.add(3, of: bob, at: noon, hasHello: true)
        #expect(scene.whoMakesWay(for: bob, at: soon) == nil)
    }

    @Test func `what has stalled makes way, and the sooner for a client that has no other handshake`() {
        var scene = Scene()
        scene.add(1, of: bob, at: noon, hasHello: true, roundTrip: .milliseconds(100))
        let patience = HandshakeQueue.pause + .milliseconds(400)
        #expect(scene.whoMakesWay(for: alice, at: noon + (patience - .nanoseconds(1))) == nil)
        #expect(scene.whoMakesWay(for: alice, at: noon + patience) == 1)
        #expect(scene.whoMakesWay(for: bob, at: noon + (HandshakeQueue.stall - .nanoseconds(1))) == nil)
        #expect(scene.whoMakesWay(for: bob, at: noon + HandshakeQueue.stall) == 1)
        var slow = Scene()
        slow.add(1, of: bob, at: noon, hasHello: true, roundTrip: .seconds(10))
        #expect(slow.whoMakesWay(for: alice, at: noon + HandshakeQueue.stall) == 1)
    }

    @Test func `no more than so many are looked at`() {
        var scene = Scene()
        for number in 1...UInt64(HandshakeQueue.examined) {
            scene.add(number, of: nil, at: noon + .seconds(5), hasHello: true)
        }
        scene.add(1000, of: nil, at: noon, hasHello: true)
        #expect(scene.whoMakesWay(for: bob, at: noon + .seconds(5)) == nil)
        scene.handshakes[ConnectionID(1)] = nil
        #expect(scene.whoMakesWay(for: bob, at: noon + .seconds(5)) == 1000)
    }

    @Test func `for a client whose own share is used up only its own make way`() {
        var scene = Scene()
        for number in 1...9 as ClosedRange<UInt64> { scene.add(number, of: alice, at: noon) }
        scene.add(10, of: bob, at: noon)
        let later = noon + .seconds(5)
        #expect(scene.whoMakesWay(for: bob, ownOnly: true, at: later) == 10)
        scene.handshakes[ConnectionID(10)] = nil
        #expect(scene.whoMakesWay(for: bob, ownOnly: true, at: later) == nil)
    }

    @Test func `those that are over are forgotten, however many there were`() {
        var scene = Scene()
        for number in 1...10_000 as ClosedRange<UInt64> {
            scene.add(number, of: alice, at: noon)
            if number % 100 != 0 { scene.handshakes[ConnectionID(number)] = nil }
        }
        for number in stride(from: 100, through: 10_000, by: 100) {
            #expect(scene.whoMakesWay(for: bob, at: noon + .seconds(1)) == UInt64(number))
            scene.handshakes[ConnectionID(UInt64(number))] = nil
        }
        #expect(scene.whoMakesWay(for: bob, at: noon + .seconds(1)) == nil)
    }

    @Test func `a client's own are found behind any number of others'`() {
        var scene = Scene()
        for number in 1...UInt64(3 * HandshakeQueue.examined) { scene.add(number, of: alice, at: noon) }
        scene.add(5000, of: bob, at: noon)
        #expect(scene.whoMakesWay(for: bob, ownOnly: true, at: noon + .seconds(1)) == 5000)
    }

    @Test func `clients that are gone are forgotten`() {
        var scene = Scene()
        for number in 1...10_000 as ClosedRange<UInt64> {
            scene.add(number, of: IPAddress(ipv4: UInt32(number)), at: noon)
            scene.handshakes[ConnectionID(number)] = nil
        }
        #expect(scene.queue.knownClients <= 65)
    }
}
