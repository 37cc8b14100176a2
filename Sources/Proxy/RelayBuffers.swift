internal import TLS

/// The buffers that one worker's connections share, one at a time within a turn of the loop.
///
/// Because they are shared, a connection that has nothing waiting holds no buffer at all.
final class RelayBuffers {
    /// The most bytes taken from a socket at once.
    ///
    /// Not a multiple of what peers write in (records, pages): a read that fills the buffer exactly, and so leaves it
    /// open whether more is there, stays rare.
    static let receiveBytes = 66_000
    /// The most plaintext one receive can bring: what was received, and a record that libssl held in part.
    static let plaintextBytes = receiveBytes + 17_000

    /// What may wait for a client beyond the relay buffer before it is no longer read: libssl answers some of its
    /// messages (KeyUpdate), and one that never takes the answers could else make us hold any number of them.
    static let answerBytes = 64 << 10

    /// Bytes just received from a socket.
    let received: UnsafeMutableRawBufferPointer
    /// The client's plaintext of one turn.
    let plaintext: UnsafeMutableRawBufferPointer
    /// What libssl wants sent to the client, collected over one turn.
    let output: OutputBuffer

    init() {
        received = .allocate(byteCount: Self.receiveBytes, alignment: 64)
        plaintext = .allocate(byteCount: Self.plaintextBytes, alignment: 64)
        output = OutputBuffer()
    }

    deinit {
        received.deallocate()
        plaintext.deallocate()
    }
}
