/// The bytes that a worker's connections have for their peers, gathered within a turn of the loop and sent at once.
///
/// Confined to its worker. It grows as libssl writes; what a caller hands to ``TLSStream/write(_:)`` bounds it.
package final class OutputBuffer {
    private let check: () -> Void
    let storage: UnsafeMutablePointer<OutputStorage>

    /// - Parameter check: stops a debug build that uses it elsewhere than in its worker; the connections that write to
    ///   it use the check too.
    package init(confined check: @escaping () -> Void = {}) {
        self.check = check
        storage = .allocate(capacity: 1)
        storage.initialize(to: OutputStorage())
    }

    deinit {
        storage.pointee.deallocate()
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    /// Debug builds stop here when it is used elsewhere than in its worker.
    func assertConfined() {
        assert(
            {
                check(); return true
            }())
    }

    package var count: Int { storage.pointee.count }

    package var isEmpty: Bool { count == 0 }

    /// Lends the bytes for the length of `body`.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        assertConfined()
        return try body(UnsafeRawBufferPointer(start: storage.pointee.base, count: storage.pointee.count).bytes)
    }

    /// Adds bytes that do not come from libssl, such as the answer to plain HTTP.
    package func append(_ bytes: RawSpan) {
        assertConfined()
        bytes.withUnsafeBytes {
            guard let start = $0.baseAddress else { return }
            storage.pointee.append(start, count: $0.count)
        }
    }

    /// Empties it, and gives back memory above ``TLSLimits/keptOutputBytes``.
    package func removeAll() {
        assertConfined()
        storage.pointee.count = 0
        if storage.pointee.capacity > TLSLimits.keptOutputBytes { storage.pointee.deallocate() }
    }
}

/// The memory of an ``OutputBuffer``, separate, so that a BIO callback reaches it without counting references.
struct OutputStorage {
    fileprivate(set) var base: UnsafeMutableRawPointer?
    var count = 0
    fileprivate(set) var capacity = 0

    private static let firstCapacity = 16 << 10

    mutating func append(_ bytes: UnsafeRawPointer, count added: Int) {
        if count + added > capacity { grow(to: count + added) }
        base?.advanced(by: count).copyMemory(from: bytes, byteCount: added)
        count += added
    }

    private mutating func grow(to needed: Int) {
        var larger = max(Self.firstCapacity, capacity)
        while larger < needed { larger *= 2 }
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        if let base {
            moved.copyMemory(from: base, byteCount: count)
            base.deallocate()
        }
        base = moved
        capacity = larger
    }

    mutating func deallocate() {
        base?.deallocate()
        (base, count, capacity) = (nil, 0, 0)
    }
}
