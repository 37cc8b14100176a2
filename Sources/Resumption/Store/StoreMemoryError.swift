/// The system gave no memory for a store.
package struct StoreMemoryError: Error, Equatable {
    /// How much was asked for.
    package let byteCount: Int
    /// The errno of mmap(2).
    package let code: CInt
}
