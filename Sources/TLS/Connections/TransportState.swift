/// The two ends of a connection's BIO: ciphertext received, and ciphertext to send.
///
/// It lives at a fixed address, owned by its ``TLSStream``, so that the BIO's callbacks cost neither a reference count
/// nor an allocation.
struct TransportState {
    /// The rest of the bytes lent for this turn.
    private var lent = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The rest of earlier turns' bytes, which libssl gets first; empty nearly always.
    private var stash: [UInt8] = []
    private var stashStart = 0
    /// Whether the peer's stream has ended after those bytes.
    var hasEnded = false
    /// Whether libssl has asked for more and got the end. This flag decides, not ``hasEnded``: a close_notify may come
    /// before the end (design decision D5).
    private(set) var isTruncated = false
    /// Whether libssl gets the client's ChangeCipherSpec.
    var gate = Gate.open
    /// How many bytes libssl has been given.
    private(set) var bytesRead = 0
    /// How many records libssl may still begin before it must wait.
    var recordsLeft = Int.max
    /// What libssl asks for at the beginning of a record, and nothing more (SSL_CTX_set_read_ahead(3)).
    private static let headerBytes = 5
    /// How often libssl has written.
    private(set) var writes = 0
    private let output: UnsafeMutablePointer<OutputStorage>

    /// What becomes of a ChangeCipherSpec record (RFC 5246 §7.1), behind which libssl would go on to its own Finished.
    enum Gate {
        case open
        /// The next one stops the reading. Armed at the border of a record only, because nothing else tells a header from
        /// five bytes of a body.
        case armed
        /// One waits.
        case stopped
    }

    init(output: UnsafeMutablePointer<OutputStorage>) {
        self.output = output
    }

    mutating func lend(_ bytes: UnsafeRawBufferPointer) {
        keepRest()
        lent = bytes
    }

    /// Whether libssl would find nothing new here: neither bytes nor the end.
    var isUsedUp: Bool { lent.isEmpty && stashStart == stash.count && !hasEnded }

    /// Copies the rest of the lent bytes, whose owner takes them back now.
    mutating func keepRest() {
        guard !lent.isEmpty else { return }
        stash.removeFirst(stashStart)
        stashStart = 0
        stash.append(contentsOf: lent)
        lent = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The first bytes that wait, at most that many, without taking them.
    func first(_ count: Int) -> [UInt8] {
        if stash.isEmpty { return Array(lent.prefix(count)) }
        let kept = stash[stashStart...].prefix(count)
        return Array(kept) + Array(lent.prefix(count - kept.count))
    }

    private static let changeCipherSpec: UInt8 = 20
    private static let alert: UInt8 = 21
    private var next: UInt8? { stashStart < stash.count ? stash[stashStart] : lent.first }

    /// Moves bytes to libssl's buffer.
    ///
    /// - Returns: how many; 0 when none wait: then ``isTruncated`` tells a pause from the end.
    mutating func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        var moved = 0
        let beginsRecord = target.count == Self.headerBytes
        guard recordsLeft > 0 || !beginsRecord else { return 0 }
        if gate != .open, beginsRecord, let type = next {
            if type == Self.changeCipherSpec {
                gate = .stopped
                return 0
            }
            // Whatever else comes is libssl's to refuse; only an alert may come in between.
            if type != Self.alert { gate = .open }
        }
        if stashStart < stash.count {
            moved = min(target.count, stash.count - stashStart)
            stash.withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[stashStart...].prefix(moved)))
            }
            stashStart += moved
            if stashStart == stash.count { (stash, stashStart) = ([], 0) }
        }
        let more = min(target.count - moved, lent.count)
        if more > 0 {
            UnsafeMutableRawBufferPointer(rebasing: target[moved...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: lent.prefix(more)))
            lent = UnsafeRawBufferPointer(rebasing: lent.dropFirst(more))
            moved += more
        }
        if moved == 0, hasEnded { isTruncated = true }
        bytesRead += moved
        if beginsRecord, moved > 0 { recordsLeft -= 1 }
        return moved
    }

    mutating func write(_ bytes: UnsafeRawPointer, count: Int) {
        writes += 1
        output.pointee.append(bytes, count: count)
    }
}
