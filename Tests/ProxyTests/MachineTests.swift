import RepriseProxy
import RepriseVocabulary
import Testing

private typealias Machine = ConnectionMachine
private typealias Later = EndingBook.Later

extension ConnectionMachine {
    fileprivate static var connecting: ConnectionMachine {
        var machine = ConnectionMachine()
        machine.handshakeDone()
        _ = machine.routed()
        return machine
    }

    fileprivate static var relaying: ConnectionMachine {
        var machine = connecting
        _ = machine.connected(uploadWaits: false)
        return machine
    }

    fileprivate var isRelaying: Bool { if case .relaying = exchange?.phase { true } else { false } }
}

@Suite struct MachineTests {
    @Test func `the set of what came after an ending has a bit for each`() {
        let places = Later.RawValue.bitWidth
        #expect(Ending.Kind.allCases.count <= places)
        #expect(([Later(.killed), Later(.clientFIN)] as Later).words == ["client_fin", "killed"])
    }

    @Test func `a finished handshake is routed, connects, and a taken connection relays`() {
        var machine = Machine()
        #expect(machine.timer == .handshake)
        machine.handshakeDone()
        // A router may answer later.
        #expect(machine.timer == .routing)
        _ = machine.routed()
        #expect(machine.timer == .connect)
        #expect(machine.connected(uploadWaits: false) == .goOn)
        #expect(machine.isRelaying)
        #expect(machine.timer == .idle)
    }

    @Test func `a client that closes first ends the upstream's input, and the upstream's end ends it all`() {
        var machine = Machine.relaying
        #expect(machine.clientEnded(uploadWaits: false) == .endUpstreamWrite)
        #expect(machine.timer == .halfClosed)
        #expect(!machine.client.readsClient)
        #expect(machine.readsUpstream)
        #expect(machine.upstreamEnded() == .complete)
        #expect(machine.flushed() == .close)
        #expect(machine.book.ending == .clientCloseNotify)
        #expect(machine.book.later == Later(.upstreamEnd))
    }

    @Test func `an upstream that ends first is announced by close_notify, and the client may go on`() {
        var machine = Machine.relaying
        #expect(machine.upstreamEnded() == .goOn)
        #expect(machine.client.readsClient)
        #expect(machine.clientEnded(uploadWaits: false) == .complete)
        #expect(machine.flushed() == .close)
        #expect(machine.book.ending == .upstreamEnd)
    }

    @Test func `the upstream hears of the client's end only behind the client's last byte`() {
        var machine = Machine.relaying
        #expect(machine.clientEnded(uploadWaits: true) == .goOn)
        #expect(machine.uploaded() == .endUpstreamWrite)
        #expect(machine.uploaded() == .goOn)
    }

    @Test func `a client that closes before the upstream is connected, or chosen, is still served`() {
        var machine = Machine.connecting
        #expect(machine.clientEnded(uploadWaits: true) == .goOn)
        #expect(machine.connected(uploadWaits: true) == .goOn)
        #expect(machine.uploaded() == .endUpstreamWrite)
        var early = Machine()
        early.handshakeDone()
        #expect(early.clientEnded(uploadWaits: false) == .goOn)
        _ = early.routed()
        #expect(early.connected(uploadWaits: false) == .endUpstreamWrite)
    }

    @Test(arguments: [Machine.ClientBreak.truncation, .reset, .fault(.alertReceived(.internalError))])
    fileprivate func `a client that breaks off reaches the upstream as a reset`(how: Machine.ClientBreak) {
        for var machine in [Machine.relaying, .connecting] {
            #expect(machine.clientBroke(how) == (how == .truncation ? .closeNotifyAndClose(.reset) : .close(.reset)))
            #expect(machine.isClosed)
        }
        // Nobody was chosen yet, and whom a router chooses now is not connected to.
        var early = Machine()
        early.handshakeDone()
        #expect(early.clientBroke(how) == (how == .truncation ? .closeNotifyAndClose(.none) : .close(.none)))
        let (isWanted, isRefused) = (early.routed(), early.notRouted())
        #expect(!isWanted && !isRefused)
    }

    @Test func `a truncation behind the upstream's end is a detail, and still a reset`() {
        var machine = Machine.relaying
        _ = machine.upstreamEnded()
        #expect(machine.clientBroke(.truncation) == .closeNotifyAndClose(.reset))
        #expect(machine.book.ending == .upstreamEnd)
        #expect(machine.book.later == Later(.clientFIN))
    }

    @Test func `an upstream reset reaches the client as a reset without close_notify, behind what it sent`() {
        var machine = Machine.relaying
        machine.upstreamBroke()
        #expect(machine.client.discardsClient && !machine.client.readsClient)
        #expect(machine.flushed() == .discard)
        // It may still read, although it sends nothing more.
        #expect(machine.clientBroke(.truncation) == .goOn)
        #expect(machine.timer == .shutdown)
        var patient = machine
        let isReset = machine.clientRests()
        #expect(isReset && machine.isClosed)
        #expect(patient.timedOut(downloadWaits: false) == .reset(.none))
        #expect(machine.book.ending == .upstreamReset && patient.book.ending == .upstreamReset)
    }

    @Test func `an upstream that ended and then refuses bytes does not cost the client its answer`() {
        var machine = Machine.relaying
        _ = machine.upstreamEnded()
        machine.upstreamBroke()
        #expect(machine.flushed() == .linger)
        #expect(machine.clientBroke(.truncation) == .close(.none))
        #expect(machine.book.ending == .upstreamEnd)
        #expect(machine.book.later == Later(.upstreamReset))
    }

    @Test func `the next server is tried until none is left`() {
        var machine = Machine.connecting
        #expect(machine.connectFailed(another: true) == .tryNext)
        #expect(machine.connectFailed(another: false) == .giveUp)
        #expect(machine.flushed() == .reset)
        #expect(machine.book.ending == .upstreamUnreachable)
    }

    @Test func `a client that nobody routes is given up as one that no server takes`() {
        var machine = Machine()
        machine.handshakeDone()
        let isGivenUp = machine.notRouted()
        #expect(isGivenUp && machine.flushed() == .reset)
        #expect(machine.book.ending == .upstreamUnreachable)
    }

    @Test func `an idle connection is closed with close_notify and its upstream reset`() {
        var machine = Machine.relaying
        #expect(machine.timedOut(downloadWaits: false) == .closeNotify(.reset))
        #expect(machine.book.ending == .timeoutIdle)
        #expect(machine.timer == .shutdown)
        #expect(machine.flushed() == .linger)
        #expect(machine.timedOut(downloadWaits: false) == .close)
        #expect(machine.book.ending == .timeoutIdle)
    }

    @Test func `a half-closed connection that stalls ends by that timeout, with the first end as detail`() {
        var machine = Machine.relaying
        _ = machine.clientEnded(uploadWaits: false)
        #expect(machine.timedOut(downloadWaits: false) == .closeNotify(.close))
        #expect(machine.flushed() == .close)
        #expect(machine.book.ending == .timeoutHalfClosed)
        #expect(machine.book.later == Later(.clientCloseNotify))
    }

    @Test func `a client that never takes its last bytes is given up`() {
        var machine = Machine.relaying
        _ = machine.clientEnded(uploadWaits: false)
        _ = machine.upstreamEnded()
        #expect(machine.timer == .halfClosed)
        #expect(machine.timedOut(downloadWaits: true) == .reset(.none))
        #expect(machine.book.ending == .timeoutShutdown)
        #expect(machine.book.later == [Later(.clientCloseNotify), Later(.upstreamEnd)])
    }

    @Test func `a failed handshake with an answer is answered before it is closed`() {
        var machine = Machine()
        let ending = Ending.alertSent(.handshakeFailure)
        let closes = machine.handshakeFailed(ending, answered: true)
        #expect(!closes)
        #expect(machine.flushed() == .linger)
        #expect(machine.clientBroke(.truncation) == .close(.none))
        #expect(machine.book.ending == ending)
    }

    @Test func `a failed handshake without an answer is closed at once`() {
        var machine = Machine()
        let closes = machine.handshakeFailed(.refused, answered: false)
        #expect(closes && machine.isClosed)
    }

    @Test func `draining says close_notify, killing does not wait`() {
        var machine = Machine.relaying
        #expect(machine.stop(.drain) == .closeNotify(.reset))
        #expect(machine.book.ending == .drain)
        var other = Machine.relaying
        #expect(other.stop(.kill) == .closeNotifyAndClose(.reset))
        #expect(other.book.ending == .killed)
    }

    /// Every order of events ends in exactly one ending, and leaves each side once.
    @Test func `no order of events breaks the books`() {
        var generator = SplitMix(state: 42)
        for _ in 0..<20_000 { var walk = Walk(); walk.run(&generator) }
    }
}

/// One connection that takes events at random, and how often each side was left.
private struct Walk {
    private var machine = Machine()
    private var clientLeft = 0
    private var upstreamLeft = 0
    private var hasConnected = false

    mutating func run(_ generator: inout SplitMix) {
        var steps = 0
        while !machine.isClosed {
            steps += 1
            if steps > 60 { note(machine.stop(.kill)) } else { step(&generator) }
        }
        #expect(machine.book.ending != nil)
        #expect(clientLeft == 1)
        #expect(upstreamLeft <= 1)
        if hasConnected { #expect(upstreamLeft == 1) }
        #expect(machine.exchange == nil)
    }

    private mutating func left(_ mode: ExchangeMachine.UpstreamCloseMode, closingClient: Bool) {
        if mode != .none { upstreamLeft += 1 }
        if closingClient { clientLeft += 1 }
        #expect(machine.isClosed == (clientLeft == 1))
    }

    private mutating func note(_ answer: Machine.AfterClientBreak) {
        switch answer {
        case .goOn: left(.none, closingClient: false)
        case .close(let mode), .closeNotifyAndClose(let mode): left(mode, closingClient: true)
        }
    }

    private mutating func note(_ answer: Machine.AfterStop) {
        switch answer {
        case .goOn: left(.none, closingClient: false)
        case .closeNotify(let mode): left(mode, closingClient: false)
        case .closeNotifyAndClose(let mode): left(mode, closingClient: true)
        case .close, .reset: left(.none, closingClient: true)
        }
    }

    private mutating func note(_ answer: Machine.AfterTimeout) {
        switch answer {
        case .goOn: left(.none, closingClient: false)
        case .closeNotify(let mode): left(mode, closingClient: false)
        case .close: left(.none, closingClient: true)
        case .reset(let mode): left(mode, closingClient: true)
        }
    }

    private mutating func note(_ answer: ExchangeMachine.AfterUpload) {
        if answer == .complete { upstreamLeft += 1 }
    }

    private mutating func note(_ answer: ClientMachine.AfterFlush) {
        if answer == .close || answer == .reset { clientLeft += 1 }
    }

    /// One event that can happen where the machine stands.
    private mutating func step(_ generator: inout SplitMix) {
        let waits = generator.next() % 3 == 0
        let die = generator.next() % 12
        switch die {
        case 0: return note(machine.stop(.kill))
        case 1: return note(machine.stop(.drain))
        case 2: return note(machine.stop(.limit))
        case 3:
            let how: [Machine.ClientBreak] = [.truncation, .reset, .fault(.alertSent(.decodeError))]
            return note(machine.clientBroke(how[Int(generator.next() % 3)]))
        case 4 where machine.timer != .connect && machine.timer != .routing:
            return note(machine.timedOut(downloadWaits: waits))
        case 5 where machine.client.phase == .discarding:
            if machine.clientRests() { clientLeft += 1 }
            return
        case 6 where !machine.isServing && !machine.isHandshaking: return note(machine.flushed())
        default: break
        }
        switch (machine.client.phase, machine.exchange?.phase) {
        case (.handshaking, _):
            guard die >= 10 else { return machine.handshakeDone() }
            let closes = machine.handshakeFailed(.refused, answered: waits)
            left(.none, closingClient: closes)
        case (.serving, _) where die == 7 && machine.client.readsClient: note(machine.clientEnded(uploadWaits: waits))
        case (.serving, .routing) where die == 11: _ = machine.notRouted()
        case (.serving, .routing): _ = machine.routed()
        case (.serving, .connecting) where die < 10:
            hasConnected = true
            _ = machine.connected(uploadWaits: waits)
        case (.serving, .connecting): _ = machine.connectFailed(another: waits)
        case (.serving, .relaying) where die == 8:
            upstreamLeft += 1
            machine.upstreamBroke()
        case (.serving, .relaying(_, .going)) where die == 9:
            if machine.upstreamEnded() == .complete { upstreamLeft += 1 }
        case (.serving, .relaying): if !waits { note(machine.uploaded()) }
        default: break
        }
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
