internal import RepriseVocabulary

/// How an answer to a client begins: in records that fit into one packet each.
///
/// A client decrypts nothing of a record before its last byte has come. One of 16 KiB takes twelve packets, where a new
/// connection, or one that has rested, may have ten on the way (RFC 6928; tcp_slow_start_after_idle in tcp(7)): its first
/// byte would be of use one round trip later. Later in an answer a long record waits for nothing, and costs less.
struct ShortRecords: Sendable, Equatable {
    /// The most plaintext in a short record: with the 70 bytes that a cipher suite adds at most, it fits into an
    /// Ethernet packet of TCP with timestamps, over IPv4 (1,448 bytes) and IPv6 (1,428).
    static let bytes = 1_343
    /// After so many nanoseconds without a byte to the client another answer begins. The kernel halves what it lets be
    /// on the way for each retransmission timeout without a byte, 200 ms or more; what follows sooner than this is
    /// mostly part of the same answer.
    static let pause: UInt64 = 1_000_000_000

    /// How many bytes of this answer still go in short records.
    private var left: Int

    /// - Parameter atStart: how many bytes of an answer go in short records; 0 for none.
    init(_ atStart: Int) {
        left = atStart
    }

    /// Begins another answer, if the client was sent nothing for long enough.
    mutating func rested(since lastSent: Instant, until now: Instant, atStart: Int) {
        // In numbers: every answer asks, and a Duration has 128 bits.
        if now.nanoseconds >= lastSent.nanoseconds &+ Self.pause { left = atStart }
    }

    /// How many of `count` bytes are to be written at once: what one short record holds, or all of them.
    mutating func next(of count: Int) -> Int {
        guard left > 0 else { return count }
        let next = min(count, Self.bytes, left)
        left -= next
        return next
    }
}
