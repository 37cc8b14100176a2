/// The name of a stored session: a TLS 1.2 session id, or the identity of a stateful TLS 1.3 ticket.
///
/// libssl makes both 32 bytes long; an identity of another length names no session of ours.
///
/// ```swift
/// guard let key = SessionKey((0..<32).map { UInt8($0) }) else { return }
/// try await store.put(key, [1, 2, 3], expires: .now, at: .now)
/// let first = try await store.take(key, at: .now)
/// let second = try await store.take(key, at: .now)
/// precondition(first == [1, 2, 3] && second == nil, "take must delete")
/// ```
public struct SessionKey: Sendable, Hashable {
    /// How many bytes a key has.
    public static let byteCount = 32

    package let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter bytes: `nil` for any number of bytes but ``byteCount``.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (
            bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
        )
    }

    /// The same, from any bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        let key = Array(bytes).withUnsafeBytes { SessionKey($0) }
        guard let key else { return nil }
        self = key
    }

    /// Its bytes. They come off the wire: not more than that a client chose them is to be believed.
    public var bytes: [UInt8] { withBytes(Array.init) }

    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// Lends the bytes for the length of `body`.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words, body)
    }

    /// Compares in constant time: how long it takes says nothing about where two keys part.
    public static func == (left: SessionKey, right: SessionKey) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) == 0
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
