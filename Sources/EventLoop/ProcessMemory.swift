internal import CRepriseEvent

/// The process's heap.
package enum ProcessMemory {
    /// Gives freed memory back to the system (malloc_trim(3)); it holds up whoever allocates in the same arena.
    package static func giveBack() {
        malloc_trim(0)
    }
}
