import Proxy
import Testing
import Vocabulary

private typealias Machine = ConnectionMachine

private let nothing = Machine.Backlog()

extension ConnectionMachine {
    fileprivate mutating func take(_ event: Event, toClient: Bool = false, toUpstream: Bool = false) -> Actions {
        handle(event, backlog: Backlog(toClient: toClient, toUpstream: toUpstream))
    }

    fileprivate static var connecting: ConnectionMachine {
        var machine = ConnectionMachine()
        _ = machine.take(.handshakeDone)
        return machine
    }

    fileprivate static var relaying: ConnectionMachine {
        var machine = connecting
        _ = machine.take(.upstreamConnected)
        return machine
    }
}

@Suite struct ConnectionMachineTests {
    @Test func `a finished handshake connects, and a taken connection relays`() {
        var machine = Machine()
        #expect(machine.timer == .handshake)
        #expect(machine.take(.handshakeDone) == .connect)
        #expect(machine.timer == .connect)
        #expect(machine.take(.upstreamConnected) == [])
        #expect(machine.phase == .relaying)
        #expect(machine.timer == .idle)
    }

    @Test func `a client that closes first ends the upstream's input, and the upstream's end ends it all`() {
        var machine = Machine.relaying
        #expect(machine.take(.clientCloseNotify) == .endUpstreamWrite)
        #expect(machine.timer == .halfClosed)
        #expect(!machine.readsClient)
        #expect(machine.readsUpstream)
        #expect(machine.take(.upstreamEnd) == [.sendCloseNotify, .closeUpstream])
        #expect(machine.take(.flushed) == [.closeClient, .finish])
        #expect(machine.ending == .clientCloseNotify)
        #expect(machine.detail == .upstreamEnd)
    }

    @Test func `an upstream that ends first is told of by close_notify, and the client may go on`() {
        var machine = Machine.relaying
        #expect(machine.take(.upstreamEnd) == .sendCloseNotify)
        #expect(machine.readsClient)
        #expect(machine.take(.clientCloseNotify) == .closeUpstream)
        #expect(machine.take(.flushed) == [.closeClient, .finish])
        #expect(machine.ending == .upstreamEnd)
    }

    @Test func `the upstream hears of the client's end only behind the client's last byte`() {
        var machine = Machine.relaying
        #expect(machine.take(.clientCloseNotify, toUpstream: true) == [])
        #expect(machine.take(.flushed, toUpstream: true) == [])
        #expect(machine.take(.flushed) == .endUpstreamWrite)
        #expect(machine.take(.flushed) == [])
    }

    @Test func `a client that closes while the upstream is being connected is still served`() {
        var machine = Machine.connecting
        #expect(machine.take(.clientCloseNotify) == [])
        #expect(machine.take(.upstreamConnected, toUpstream: true) == [])
        #expect(machine.take(.flushed) == .endUpstreamWrite)
    }

    @Test(arguments: [Machine.Event.clientTruncated, .clientReset, .clientFault(.alertReceived(.internalError))])
    fileprivate func `a client that breaks off reaches the upstream as a reset`(event: Machine.Event) {
        for var machine in [Machine.relaying, .connecting] {
            let actions = machine.take(event)
            #expect(actions.isSuperset(of: [.resetUpstream, .closeClient, .finish]))
            #expect(!actions.contains(.closeUpstream))
            #expect(machine.phase == .closed)
        }
    }

    @Test func `a truncation behind the upstream's end is a detail, and still a reset`() {
        var machine = Machine.relaying
        _ = machine.take(.upstreamEnd)
        #expect(machine.take(.clientTruncated).contains(.resetUpstream))
        #expect(machine.ending == .upstreamEnd)
        #expect(machine.detail == .clientFIN)
    }

    @Test func `an upstream reset reaches the client as a reset without close_notify, behind what it sent`() {
        var machine = Machine.relaying
        #expect(machine.take(.upstreamReset, toClient: true) == [.closeUpstream, .discard])
        #expect(machine.take(.flushed, toClient: true) == [])
        #expect(machine.discardsClient && !machine.readsClient)
        #expect(machine.take(.flushed) == .discard)
        // It may still read, although it sends nothing more.
        #expect(machine.take(.clientTruncated) == [])
        #expect(machine.timer == .shutdown)
        var patient = machine
        #expect(machine.take(.clientRests) == [.resetClient, .finish])
        #expect(patient.take(.timeout) == [.resetClient, .finish])
        #expect(machine.ending == .upstreamReset && patient.ending == .upstreamReset)
    }

    @Test func `an upstream that ended and then refuses bytes does not cost the client its answer`() {
        var machine = Machine.relaying
        _ = machine.take(.upstreamEnd)
        #expect(machine.take(.upstreamReset) == [.closeUpstream, .discard])
        #expect(machine.take(.flushed) == .linger)
        #expect(machine.take(.clientTruncated) == [.closeClient, .finish])
        #expect(machine.ending == .upstreamEnd)
        #expect(machine.detail == .upstreamReset)
    }

    @Test func `the next server is tried until none is left`() {
        var machine = Machine.connecting
        #expect(machine.take(.upstreamConnectFailed(another: true)) == .connect)
        #expect(machine.take(.upstreamConnectFailed(another: false)) == [])
        #expect(machine.take(.flushed) == [.resetClient, .finish])
        #expect(machine.ending == .upstreamUnreachable)
    }

    @Test func `an idle connection is closed with close_notify and its upstream reset`() {
        var machine = Machine.relaying
        #expect(machine.take(.timeout) == [.resetUpstream, .sendCloseNotify])
        #expect(machine.ending == .timeoutIdle)
        #expect(machine.timer == .shutdown)
        #expect(machine.take(.flushed) == .linger)
        #expect(machine.take(.timeout) == [.closeClient, .finish])
        #expect(machine.ending == .timeoutIdle)
    }

    @Test func `a half-closed connection that stalls ends by that timeout, with the first end as detail`() {
        var machine = Machine.relaying
        _ = machine.take(.clientCloseNotify)
        #expect(machine.take(.timeout) == [.closeUpstream, .sendCloseNotify])
        #expect(machine.take(.flushed) == [.closeClient, .finish])
        #expect(machine.ending == .timeoutHalfClosed)
        #expect(machine.detail == .clientCloseNotify)
    }

    @Test func `a client that never takes its last bytes is given up`() {
        var machine = Machine.relaying
        _ = machine.take(.clientCloseNotify)
        _ = machine.take(.upstreamEnd, toClient: true)
        #expect(machine.timer == .halfClosed)
        #expect(machine.take(.timeout, toClient: true) == [.resetClient, .finish])
        #expect(machine.ending == .timeoutShutdown)
        #expect(machine.detail == [.clientCloseNotify, .upstreamEnd])
    }

    @Test func `a failed handshake with an answer is answered before it is closed`() {
        var machine = Machine()
        let ending = Ending.alertSent(.handshakeFailure)
        #expect(machine.take(.handshakeFailed(ending, answered: true)) == [])
        #expect(machine.take(.flushed) == .linger)
        #expect(machine.take(.clientTruncated) == [.closeClient, .finish])
        #expect(machine.ending == ending)
    }

    @Test func `a failed handshake without an answer is closed at once`() {
        var machine = Machine()
        #expect(machine.take(.handshakeFailed(.refused, answered: false)) == [.closeClient, .finish])
    }

    @Test func `draining says close_notify, killing does not wait`() {
        var machine = Machine.relaying
        #expect(machine.take(.drain) == [.resetUpstream, .sendCloseNotify])
        #expect(machine.ending == .drain)
        var other = Machine.relaying
        #expect(other.take(.kill) == [.resetUpstream, .sendCloseNotify, .closeClient, .finish])
        #expect(other.ending == .killed)
    }

    /// Every order of events ends in exactly one ending, closes each socket once, and never both resets and closes one.
    @Test func `no order of events breaks the books`() {
        var generator = SplitMix(state: 42)
        for _ in 0..<20_000 { walk(&generator) }
    }

    private func walk(_ generator: inout SplitMix) {
        var machine = Machine()
        var upstream = 0
        var client = 0
        var finished = 0
        var steps = 0
        while machine.phase != .closed {
            steps += 1
            let event = steps > 60 ? Machine.Event.kill : randomEvent(machine, &generator)
            let actions = machine.take(
                event, toClient: generator.next() % 3 == 0, toUpstream: generator.next() % 3 == 0)
            if actions.contains(.closeUpstream) { upstream += 1 }
            if actions.contains(.resetUpstream) { upstream += 1 }
            if actions.contains(.closeClient) { client += 1 }
            if actions.contains(.resetClient) { client += 1 }
            if actions.contains(.finish) { finished += 1 }
        }
        #expect(machine.ending != nil)
        #expect(client == 1)
        #expect(finished == 1)
        #expect(upstream <= 1)
    }

    private func randomEvent(_ machine: Machine, _ generator: inout SplitMix) -> Machine.Event {
        let client: [Machine.Event] =
            machine.readsClient ? [.clientTruncated, .clientReset, .clientFault(.alertSent(.decodeError))] : []
        let events: [Machine.Event]
        switch machine.phase {
        case .handshaking:
            events =
                client.dropLast() + [
                    .handshakeDone, .handshakeDone, .handshakeDone, .handshakeDone,
                    .handshakeFailed(.refused, answered: true), .handshakeFailed(.refused, answered: false), .timeout,
                    .drain, .kill,
                ]
        case .connecting:
            events =
                client + (machine.readsClient ? [.clientCloseNotify] : []) + [
                    .upstreamConnected, .upstreamConnected, .upstreamConnected, .upstreamConnectFailed(another: true),
                    .upstreamConnectFailed(another: false), .drain, .kill, .refused, .flushed,
                ]
        case .relaying:
            events =
                client + (machine.readsClient ? [.clientCloseNotify, .clientCloseNotify] : [])
                + (machine.readsUpstream ? [.upstreamEnd, .upstreamEnd] : [])
                + [.upstreamReset, .timeout, .drain, .kill, .refused, .flushed, .flushed]
        case .closing, .lingering, .discarding:
            events = [
                .flushed, .timeout, .clientTruncated, .clientReset, .clientRests, .drain, .kill, .upstreamReset,
            ]
        case .closed:
            events = [.kill]
        }
        return events[Int(generator.next() % UInt64(events.count))]
    }
}

/// A small seeded generator, so that a failing walk can be walked again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
