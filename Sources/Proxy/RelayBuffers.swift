internal import TLS

/// The buffers that one worker's connections share, one at a time within a turn of the loop.
///
/// Because they are shared, a connection that has nothing waiting holds no buffer at all.
final class RelayBuffers {
    /// What a receive may bring beyond the room there is.
    ///
    /// Buffers are powers of two, and so is what many peers write: without it a receive would often fill its buffer
    /// exactly, which leaves open whether more is there and costs a receive that only finds out that there is not.
    static let slack = 464
    /// The most bytes taken from a socket at once.
    static let receiveBytes = (64 << 10) + slack
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

    /// Where a receive goes that has room for so many bytes.
    func target(room: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: received[..<min(Self.receiveBytes, room + Self.slack)])
    }

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
