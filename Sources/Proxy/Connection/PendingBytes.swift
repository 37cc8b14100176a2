internal import Glibc

/// Bytes that wait for a socket to take them: first in, first out, in one block that goes back when it is empty.
///
/// An idle connection holds no memory here.
struct PendingBytes: ~Copyable {
    private var storage: UnsafeMutableRawBufferPointer?
    private var start = 0
    private var end = 0

    init() {}

    deinit {
        storage?.deallocate()
    }

    /// How many bytes wait.
    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// Puts a copy of the bytes behind those that wait.
    mutating func append(_ bytes: RawSpan) {
        guard !bytes.isEmpty else { return }
        let count = bytes.byteCount
        let target = space(for: count)
        bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: target[end..<end + count]).copyMemory(from: $0)
        }
        end += count
    }

    /// Takes the first `count` bytes off.
    mutating func removeFirst(_ count: Int) {
        precondition(count <= end - start, "taking \(count) of \(end - start) bytes")
        start += count
        if start == end { removeAll() }
    }

    /// Takes everything off and gives the memory back.
    mutating func removeAll() {
        storage?.deallocate()
        storage = nil
        (start, end) = (0, 0)
    }

    /// Lends the bytes for the length of `body`.
    borrowing func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        guard let storage else { return body(RawSpan()) }
        return body(UnsafeRawBufferPointer(rebasing: storage[start..<end]).bytes)
    }

    /// A block with room for `extra` bytes behind `end`.
    private mutating func space(for extra: Int) -> UnsafeMutableRawBufferPointer {
        if let storage, end + extra <= storage.count { return storage }
        let needed = count + extra
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: needed, alignment: 16)
        withBytes { waiting in waiting.withUnsafeBytes { larger.copyMemory(from: $0) } }
        storage?.deallocate()
        storage = larger
        (start, end) = (0, needed - extra)
        return larger
    }
}
