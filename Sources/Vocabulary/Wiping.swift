internal import Glibc

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the bytes with zeros in a way that no optimiser leaves out: every secret is wiped by this.
    package func wipe() {
        // An empty buffer may have no address.
        if let baseAddress { explicit_bzero(baseAddress, count) }
    }
}
