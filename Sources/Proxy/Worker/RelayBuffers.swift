internal import RepriseEventLoop
internal import RepriseTLS

/// The buffers that one worker's connections share, one turn of one connection at a time.
///
/// Because they are shared, a connection that has nothing waiting holds no buffer at all. A turn finds the output empty
/// and leaves it empty, so that one client's records are never sent to another; and received bytes are lent to one
/// reader, while no other connection receives. Confined to the worker's loop.
final class RelayBuffers {
    /// What a receive may bring beyond the room there is.
    ///
    /// Buffers are powers of two, and so is what many peers write: without it a receive would often fill its buffer
    /// exactly, and another receive would be needed to find out that nothing more is there.
    static let slack = 464
    /// The most bytes taken from a socket at once. In bulk each receive and each send costs the kernel several packets,
    /// acknowledgements and the waking of a peer; with much more, the turn's buffers would leave the CPU's second cache.
    static let receiveBytes = (256 << 10) + slack
    /// The most plaintext one receive can bring: what was received, and a record that libssl held in part.
    static let plaintextBytes = receiveBytes + 17_000

    /// What may wait for a peer beyond the relay buffer before it is no longer read: libssl answers some of its
    /// messages (KeyUpdate), and a peer that never takes the answers could otherwise make us hold any number of them.
    static let answerBytes = 64 << 10

    /// The plaintext of one receive.
    let plaintext: UnsafeMutableRawBufferPointer
    /// What libssl wants to send to the client, collected over one turn.
    let output: OutputBuffer
    /// The same for an upstream over TLS.
    let upstreamOutput: OutputBuffer
    let loop: EventLoop
    /// The current turn, or the last one.
    private(set) var currentTurn = Turn.none
    private let received: UnsafeMutableRawBufferPointer
    private var use = Use.idle

    /// A turn by its number, from 1 on.
    enum Turn: Equatable {
        case none
        case number(UInt64)

        var next: Turn {
            switch self {
            case .none: .number(1)
            case .number(let last): .number(last &+ 1)
            }
        }
    }

    /// What the buffers are in use for.
    private enum Use {
        case idle, turn, receiving
    }

    init(on loop: EventLoop) {
        self.loop = loop
        received = .allocate(byteCount: Self.receiveBytes, alignment: 64)
        plaintext = .allocate(byteCount: Self.plaintextBytes, alignment: 64)
        output = OutputBuffer(confined: { [unowned loop] in loop.assertConfined() })
        upstreamOutput = OutputBuffer(confined: { [unowned loop] in loop.assertConfined() })
    }

    deinit {
        received.deallocate()
        plaintext.deallocate()
    }

    /// One connection's turn. Turns do not nest.
    func turn(_ body: () -> Void) {
        loop.assertConfined()
        precondition(use == .idle, "a turn within a turn")
        precondition(isEmpty, "\(output.count) + \(upstreamOutput.count) bytes of another turn")
        use = .turn
        currentTurn = currentTurn.next
        body()
        use = .idle
        precondition(isEmpty, "\(output.count) + \(upstreamOutput.count) bytes are left of a turn")
    }

    private var isEmpty: Bool { output.isEmpty && upstreamOutput.isEmpty }

    /// Lends room for one receive of that many bytes, which `body` uses: nothing else receives meanwhile.
    func receiving(room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        loop.assertConfined()
        precondition(use == .turn, "a receive outside a turn, or within another")
        use = .receiving
        body(UnsafeMutableRawBufferPointer(rebasing: received[..<min(Self.receiveBytes, room + Self.slack)]))
        use = .turn
    }
}
