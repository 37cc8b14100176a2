internal import CLibSSL

/// The bytes under a TLS connection: what was lent to libssl to read, and where it writes to.
///
/// It lives in memory of its own that the BIO points to, so that the BIO's callbacks touch no reference count.
struct RecordTransport {
    /// The part of the lent bytes that libssl has not taken.
    var input = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The client's FIN has been seen, behind the lent bytes.
    var inputHasEnded = false
    /// libssl has been told of the end: a read returned 0. That, and not the FIN itself, is what makes a truncation.
    var endWasDelivered = false
    /// Bytes of an earlier turn that libssl did not take; they come before ``input``.
    var stash: [UInt8] = []
    /// Outlives the transport: the worker's.
    unowned(unsafe) let output: OutputBuffer

    init(output: OutputBuffer) {
        self.output = output
    }

    /// How many bytes libssl can still take.
    var available: Int { stash.count + input.count }

    /// Moves bytes to libssl.
    ///
    /// - Returns: how many, 0 for the end, -1 when there is nothing now.
    mutating func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        if !stash.isEmpty {
            let count = min(stash.count, target.count)
            stash.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            stash.removeFirst(count)
            return count
        }
        guard !input.isEmpty else {
            guard inputHasEnded else { return -1 }
            endWasDelivered = true
            return 0
        }
        let count = min(input.count, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }

    /// Copies the first bytes that libssl would get, without taking them.
    func peek(_ count: Int) -> [UInt8] {
        Array((stash + input.prefix(count)).prefix(count))
    }

    /// Keeps what libssl has left of the lent bytes, which go away with the turn.
    mutating func keepInput() {
        if !input.isEmpty { stash.append(contentsOf: input) }
        input = UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
