import RepriseTestSupport
import Testing

@testable import RepriseTLS

/// The two memories under a connection: the bytes that are lent to libssl, and those it writes.
@Suite struct TransportTests {
    /// A transport's state as a connection holds it.
    private final class Transport {
        let output = OutputBuffer()
        var state: TransportState

        init() {
            state = TransportState(output: output.storage)
        }

        func take(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let moved = bytes.withUnsafeMutableBytes { state.read(into: $0) }
            return Array(bytes.prefix(moved))
        }
    }

    @Test func `lent bytes come out in order, in whatever pieces`() {
        let transport = Transport()
        [UInt8](0..<10).withUnsafeBytes { bytes in
            transport.state.lend(bytes)
            #expect(transport.state.first(.max).count == 10)
            #expect(transport.take(3) == [0, 1, 2])
            #expect(transport.take(0) == [])
            #expect(transport.take(100) == [3, 4, 5, 6, 7, 8, 9])
            #expect(transport.take(100) == [])
            #expect(transport.state.first(.max).count == 0)
            #expect(!transport.state.isTruncated)
        }
    }

    @Test func `what is left of a turn survives its buffer, and comes before what is lent next`() {
        let transport = Transport()
        var buffer: [UInt8] = [1, 2, 3, 4]
        buffer.withUnsafeBytes { transport.state.lend($0) }
        #expect(transport.take(1) == [1])
        transport.state.keepRest()
        buffer = [9, 9, 9, 9]
        [UInt8]([5, 6]).withUnsafeBytes { bytes in
            transport.state.lend(bytes)
            #expect(transport.state.first(.max).count == 5)
            #expect(transport.state.first(4) == [2, 3, 4, 5])
            #expect(transport.take(2) == [2, 3])
            // One read crosses from the kept bytes to the lent ones.
            #expect(transport.take(10) == [4, 5, 6])
        }
        transport.state.keepRest()
        #expect(transport.state.first(.max).count == 0)
    }

    @Test func `many turns that leave something behind lose nothing`() {
        let transport = Transport()
        var taken: [UInt8] = []
        for round in 0..<50 {
            let bytes = (0..<7).map { UInt8(truncatingIfNeeded: round * 7 + $0) }
            bytes.withUnsafeBytes {
                transport.state.lend($0)
                taken += transport.take(5)
                transport.state.keepRest()
            }
        }
        while case let more = transport.take(11), !more.isEmpty { taken += more }
        #expect(taken == (0..<350).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test func `a loan on top of a loan keeps the first`() {
        let transport = Transport()
        [UInt8]([1, 2]).withUnsafeBytes { first in
            transport.state.lend(first)
            [UInt8]([3]).withUnsafeBytes { second in
                transport.state.lend(second)
                #expect(transport.take(9) == [1, 2, 3])
            }
        }
        transport.state.keepRest()
    }

    @Test func `the end is told behind the last byte, not when it is known`() {
        let transport = Transport()
        transport.state.hasEnded = true
        [UInt8]([1]).withUnsafeBytes { bytes in
            transport.state.lend(bytes)
            #expect(transport.take(4) == [1])
            #expect(!transport.state.isTruncated)
            #expect(transport.take(4) == [])
            #expect(transport.state.isTruncated)
        }
        transport.state.keepRest()
    }

    @Test func `looking at the first bytes takes none of them`() {
        let transport = Transport()
        #expect(transport.state.first(16) == [])
        [UInt8]([22, 3, 1]).withUnsafeBytes { bytes in
            transport.state.lend(bytes)
            #expect(transport.state.first(2) == [22, 3])
            #expect(transport.state.first(16) == [22, 3, 1])
            #expect(transport.take(16) == [22, 3, 1])
        }
        transport.state.keepRest()
    }

    @Test func `the output keeps everything while it grows, over every bound of its memory`() {
        let output = OutputBuffer()
        var expected: [UInt8] = []
        for size in [0, 1, (16 << 10) - 1, 1, 16 << 10, 100_000, 1 << 20] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ size) }
            output.append(bytes.span.bytes)
            expected += bytes
            #expect(output.count == expected.count)
        }
        #expect(output.withBytes { $0.array } == expected)
    }

    @Test func `an emptied output keeps memory for the next turn, but not without bound`() {
        let output = OutputBuffer()
        #expect(output.storage.pointee.capacity == 0)
        let some = [UInt8](repeating: 1, count: 100_000)
        output.append(some.span.bytes)
        output.removeAll()
        #expect(output.isEmpty)
        #expect((100_000...TLSLimits.keptOutputBytes).contains(output.storage.pointee.capacity))
        for _ in 0..<4 { output.append(some.span.bytes) }
        output.removeAll()
        #expect(output.storage.pointee.capacity <= TLSLimits.keptOutputBytes)
        output.append([UInt8]([7]).span.bytes)
        #expect(output.withBytes { $0.array } == [7])
    }

    @Test func `an empty output lends no bytes`() {
        #expect(OutputBuffer().withBytes { $0.isEmpty })
    }
}
