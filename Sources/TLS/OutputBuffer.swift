/// Bytes collected for one send: a worker has one, and its connections use it in turn.
package final class OutputBuffer {
    /// What is kept for the next turn when a large one has been sent.
    static let keptBytes = 256 << 10

    private var storage: UnsafeMutableRawBufferPointer
    /// How many bytes there are.
    package private(set) var count = 0

    package init() {
        storage = .allocate(byteCount: 80 << 10, alignment: 64)
    }

    deinit {
        storage.deallocate()
    }

    /// Puts a copy of the bytes behind those that are there.
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if count + bytes.count > storage.count { grow(to: count + bytes.count) }
        UnsafeMutableRawBufferPointer(rebasing: storage[count..<count + bytes.count]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Lends the bytes for the length of `body`.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    /// Empties the buffer.
    package func removeAll() {
        count = 0
        guard storage.count > Self.keptBytes else { return }
        storage.deallocate()
        storage = .allocate(byteCount: Self.keptBytes, alignment: 64)
    }

    private func grow(to needed: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, storage.count * 2), alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
        storage.deallocate()
        storage = larger
    }
}
