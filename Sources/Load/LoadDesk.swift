package import RepriseEventLoop
internal import RepriseTLS

/// What the connections of one loop share: its buffers and its measurements. Confined to the loop.
package final class LoadDesk {
    /// The most that is taken from the kernel in one turn.
    static let receiveBytes = 32 << 10
    /// A record's plaintext (RFC 8446 §5.1).
    static let plaintextBytes = 16 << 10

    package let loop: EventLoop
    package let errand: LoadErrand
    package var measured = Measurements()
    var sources: SourceAddresses
    let output: OutputBuffer
    let ciphertext: UnsafeMutableRawBufferPointer
    let plaintext: UnsafeMutableRawBufferPointer

    /// On the loop, or before it runs.
    package init(on loop: EventLoop, _ errand: LoadErrand) {
        (self.loop, self.errand) = (loop, errand)
        sources = SourceAddresses(errand.sources)
        output = OutputBuffer { [unowned loop] in loop.assertConfined() }
        ciphertext = .allocate(byteCount: Self.receiveBytes, alignment: 16)
        plaintext = .allocate(byteCount: Self.plaintextBytes, alignment: 16)
    }

    deinit {
        ciphertext.deallocate()
        plaintext.deallocate()
    }
}
