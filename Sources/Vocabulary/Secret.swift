/// Bytes that must not be seen: they print as `[secret]` everywhere, and are wiped when the last holder releases them.
///
/// ```swift
/// guard let secret = session.serialized() else { return }
/// print("\(secret.count) bytes: \(secret)")  // … bytes: [secret]
/// let bytes = secret.withBytes { Array($0) }  // to be sealed, sent, and wiped by who copied them
/// ```
public final class Secret: Sendable {
    // @unchecked is not needed: the buffer is immutable from init to deinit.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// Takes a copy; the caller wipes the original.
    public init(copying bytes: UnsafeRawBufferPointer) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyMemory(from: bytes)
    }

    /// Takes a copy of a part of another.
    ///
    /// - Parameters:
    ///   - other: the whole.
    ///   - range: which of its bytes; within its ``count``.
    public convenience init(copying other: Secret, _ range: Range<Int>) {
        self.init(copying: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(other.storage)[range]))
    }

    /// Lets `fill` make its bytes in place, so that no copy of them is left elsewhere.
    ///
    /// - Parameters:
    ///   - count: how many bytes.
    ///   - fill: gets `count` zero bytes.
    public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        storage = .allocate(byteCount: count, alignment: 1)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        fill(storage)
    }

    deinit {
        storage.wipe()
        storage.deallocate()
    }

    /// How many bytes there are.
    public var count: Int { storage.count }

    /// One byte.
    ///
    /// - Parameter index: from 0 to below ``count``.
    public subscript(_ index: Int) -> UInt8 {
        precondition(storage.indices.contains(index), "byte \(index) of \(storage.count)")
        return storage[index]
    }

    /// Whether its bytes from `start` on are those of `text`, all of them.
    public func has(_ text: some Collection<UInt8>, at start: Int) -> Bool {
        guard start >= 0, text.count <= count - start else { return false }
        return zip(start..., text).allSatisfy { storage[$0] == $1 }
    }

    /// Lends the bytes for the length of `body`.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[secret]" }
    public var debugDescription: String { "[secret]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
