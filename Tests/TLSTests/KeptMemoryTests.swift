import CReprisePrimitives
import Glibc
import RepriseTestSupport
import Testing

/// What libcrypto would get from our lists instead of malloc(3).
@Suite struct KeptMemoryTests {
    private static func allocate(_ count: Int) throws -> UnsafeMutableRawPointer {
        try #require(reprise_memory_allocate(count, nil, 0))
    }

    @Test func `a block has room for what was asked, whatever the size`() async throws {
        try await onOwnThread {
            for count in Array(1...9_300) + Array(stride(from: 9_301, to: 34_000, by: 31)) + [32_776, 32_777, 1 << 20] {
                let block = try Self.allocate(count)
                if reprise_memory_room(block) < count { Issue.record("\(count)") }
                if UInt(bitPattern: block) % 16 != 0 { Issue.record("\(count)") }
                memset(block, 0xa5, count)
                reprise_memory_free(block, nil, 0)
                // Also when it is one that has been used before, perhaps for a little less.
                let again = try Self.allocate(count)
                if reprise_memory_room(again) < count { Issue.record("\(count)") }
                memset(again, 0x5a, count)
                reprise_memory_free(again, nil, 0)
            }
        }
    }

    @Test func `nothing is no block, and no block is nothing to free`() {
        #expect(reprise_memory_allocate(0, nil, 0) == nil)
        reprise_memory_free(nil, nil, 0)
        #expect(reprise_memory_resize(nil, 0, nil, 0) == nil)
        // A sanitizer's malloc ends the process where another returns nothing.
        if !Sanitizer.isOn { #expect(reprise_memory_allocate(.max, nil, 0) == nil) }
    }

    @Test func `a thread that has freed nothing keeps nothing, and may ask and free all the same`() async throws {
        try await onOwnThread {
            #expect(reprise_memory_kept() == 0)
            reprise_memory_release()
            let block = try Self.allocate(500)
            #expect(reprise_memory_kept() == 0)
            let room = reprise_memory_room(block)
            reprise_memory_free(block, nil, 0)
            #expect((500...room).contains(reprise_memory_kept()))
        }
    }

    @Test func `a thread gets back what it freed last`() throws {
        let block = try Self.allocate(700)
        let room = reprise_memory_room(block)
        reprise_memory_free(block, nil, 0)
        // By its room: malloc may have given it a little more.
        #expect(try Self.allocate(room) == block)
        reprise_memory_free(block, nil, 0)
    }

    @Test func `a block keeps its bytes when it grows and when it shrinks`() throws {
        let sizes = [1, 24, 25, 1_000, 1_033, 5_000, 8_201, 30_000, 32_777, 200_000, 33_000, 9_000, 1_100, 60, 3]
        var block = try Self.allocate(1)
        block.storeBytes(of: 0, as: UInt8.self)
        var filled = 1
        for size in sizes {
            block = try #require(reprise_memory_resize(block, size, nil, 0))
            let bytes = UnsafeRawBufferPointer(start: block, count: min(filled, size))
            #expect(bytes.enumerated().allSatisfy { $0.element == UInt8(truncatingIfNeeded: $0.offset) }, "\(size)")
            for offset in 0..<size {
                block.storeBytes(of: UInt8(truncatingIfNeeded: offset), toByteOffset: offset, as: UInt8.self)
            }
            filled = size
        }
        #expect(reprise_memory_resize(block, 0, nil, 0) == nil)
    }

    @Test func `a thread keeps no more than the limit, counts what goes back, and leaves nothing when it ends`()
        async throws
    {
        let most = Int(REPRISE_MEMORY_KEPT_BYTES)
        try await onOwnThread {
            let before = reprise_memory_given_back()
            let blocks = (0..<200).compactMap { _ in reprise_memory_allocate(16_000, nil, 0) }
            var kept: [Int] = []
            for block in blocks {
                reprise_memory_free(block, nil, 0)
                kept.append(reprise_memory_kept())
            }
            #expect(kept.max() ?? 0 <= most)
            #expect(kept.last ?? 0 > most - 20_000)
            #expect(reprise_memory_given_back() > before)
            for _ in 0..<64 { _ = reprise_memory_allocate(16_000, nil, 0).map { free($0) } }
            #expect(reprise_memory_kept() < 20_000)
        }
    }

    @Test func `a block may be freed by another thread than the one that made it`() async throws {
        let block = try Self.allocate(333)
        let address = UInt(bitPattern: block)
        let room = reprise_memory_room(block)
        try await onOwnThread {
            let block = UnsafeMutableRawPointer(bitPattern: address)
            reprise_memory_free(block, nil, 0)
            // By its room: malloc may have given it a little more.
            #expect(reprise_memory_allocate(room, nil, 0) == block)
            reprise_memory_free(block, nil, 0)
        }
    }

    @Test func `sizes that nobody asks for any more make room for others`() async throws {
        try await onOwnThread {
            let large = (0..<60).compactMap { _ in reprise_memory_allocate(30_000, nil, 0) }
            for block in large { reprise_memory_free(block, nil, 0) }
            let full = reprise_memory_kept()
            let small = (0..<1_000).compactMap { _ in reprise_memory_allocate(200, nil, 0) }
            let before = reprise_memory_given_back()
            for block in small { reprise_memory_free(block, nil, 0) }
            #expect(reprise_memory_kept() <= Int(REPRISE_MEMORY_KEPT_BYTES))
            #expect(full > Int(REPRISE_MEMORY_KEPT_BYTES) - 40_000 && reprise_memory_given_back() > before)
            // The small ones are still there, but for those that malloc had given a little more room.
            let again = (0..<800).compactMap { _ in reprise_memory_allocate(200, nil, 0) }
            let kept = Set(small)
            #expect(again.count { kept.contains($0) } > 400)
            for block in again { reprise_memory_free(block, nil, 0) }
        }
    }

    @Test func `a thread gives back all that it keeps when it is told to`() async throws {
        try await onOwnThread {
            let blocks = (1...40).compactMap { reprise_memory_allocate($0 * 100, nil, 0) }
            for block in blocks { reprise_memory_free(block, nil, 0) }
            #expect(reprise_memory_kept() > 50_000)
            reprise_memory_release()
            #expect(reprise_memory_kept() == 0)
            #expect(reprise_memory_allocate(100, nil, 0).map { reprise_memory_free($0, nil, 0) } != nil)
        }
    }

    @Test func `who frees a block twice ends the process`() async {
        await #expect(processExitsWith: .signal(SIGABRT)) {
            let block = reprise_memory_allocate(100, nil, 0)
            let other = reprise_memory_allocate(100, nil, 0)
            reprise_memory_free(block, nil, 0)
            reprise_memory_free(other, nil, 0)
            reprise_memory_free(block, nil, 0)
        }
    }

    @Test func `who writes to a block that is free ends the process`() async {
        await #expect(processExitsWith: .signal(SIGABRT)) {
            let block = reprise_memory_allocate(100, nil, 0)
            let room = block.map { reprise_memory_room($0) } ?? 0
            reprise_memory_free(block, nil, 0)
            block.map { _ = memset($0, 0x41, 16) }
            _ = reprise_memory_allocate(room, nil, 0)
        }
    }
}
