internal import CRepriseEvent
internal import Glibc
internal import RepriseVocabulary

/// Keeps libevent's smallest allocations in memory of their own.
///
/// libevent keeps a few bytes for each descriptor it has ever watched, for as long as the loop lives (evmap.c, `struct
/// evmap_io`). It allocates them as connections come, so that in the heap each would lie between two connections and
/// keep a page from going back when these have closed: 12,000 descriptors held 40 MiB.
enum LibeventMemory {
    /// The largest allocation kept here; events are larger, and are freed with their connections.
    static let slotBytes = 32
    /// Address space for two million descriptors of all loops together; the rest goes to the heap.
    static let mappedBytes = 64 << 20

    /// The mapping, and which slots of it are free.
    private struct Pool {
        let start: UInt
        var used = 0
        /// The slot given back last, which begins with the address of the one before; 0 for none.
        var free: UInt = 0

        init() {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
            let mapped = mmap(nil, LibeventMemory.mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
            start = mapped == MAP_FAILED ? 0 : UInt(bitPattern: mapped)
        }

        func holds(_ address: UInt) -> Bool {
            start != 0 && address >= start && address < start + UInt(LibeventMemory.mappedBytes)
        }

        mutating func take() -> UnsafeMutableRawPointer? {
            if let slot = UnsafeMutableRawPointer(bitPattern: free) {
                free = slot.load(as: UInt.self)
                return slot
            }
            guard start != 0, used + LibeventMemory.slotBytes <= LibeventMemory.mappedBytes else { return nil }
            defer { used += LibeventMemory.slotBytes }
            return UnsafeMutableRawPointer(bitPattern: start + UInt(used))
        }

        mutating func give(_ slot: UnsafeMutableRawPointer) {
            slot.storeBytes(of: free, as: UInt.self)
            free = UInt(bitPattern: slot)
        }
    }

    private static let pool = Locked(Pool())

    /// Makes libevent use it; call it before anything else of libevent.
    static func install() {
        // The leak sanitizer does not follow pointers from the mapping.
        guard reprise_is_sanitized() == 0 else { return }
        event_set_mem_functions(
            { LibeventMemory.allocate($0) }, { LibeventMemory.reallocate($0, $1) }, { LibeventMemory.release($0) })
    }

    static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size <= slotBytes else { return malloc(size) }
        return pool.withLock { UInt(bitPattern: $0.take()) }.pointer ?? malloc(size)
    }

    static func reallocate(_ piece: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let piece else { return allocate(size) }
        let address = UInt(bitPattern: piece)
        guard pool.withLock({ $0.holds(address) }) else { return realloc(piece, size) }
        guard size > slotBytes else { return piece }
        guard let larger = malloc(size) else { return nil }
        larger.copyMemory(from: piece, byteCount: slotBytes)
        release(piece)
        return larger
    }

    static func release(_ piece: UnsafeMutableRawPointer?) {
        guard let piece else { return }
        let address = UInt(bitPattern: piece)
        let isKept = pool.withLock { pool in
            guard let slot = address.pointer, pool.holds(address) else { return false }
            pool.give(slot)
            return true
        }
        if !isKept { free(piece) }
    }
}

extension UInt {
    fileprivate var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: self) }
}

/// The process's heap.
package enum ProcessMemory {
    /// Gives freed memory back to the system (malloc_trim(3)); it holds up threads that allocate in the same arena.
    package static func giveBack() {
        malloc_trim(0)
    }
}
