import Glibc
import RepriseVocabulary

/// Wakes a thread that sleeps in poll(2): a pipe with two non-blocking ends.
///
/// It still works without descriptors for the pipe: sleeps are then short, and the sleeper looks for itself.
final class WakePipe: Sendable {
    /// The longest sleep without a pipe, in milliseconds.
    private static let blindSleep: CInt = 20

    private let reader: CInt
    private let writer: CInt

    init() {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            (reader, writer) = (-1, -1)
            return
        }
        (reader, writer) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        guard reader >= 0 else { return }
        close(reader)
        close(writer)
    }

    /// Wakes the sleeper, or keeps it from falling asleep the next time.
    func wake() {
        guard writer >= 0 else { return }
        var byte: UInt8 = 0
        // A full pipe has woken it already.
        _ = write(writer, &byte, 1)
    }

    /// Sleeps until woken, until `output` (if not negative) has an event, or until the time is over.
    ///
    /// - Parameters:
    ///   - milliseconds: how long at most; negative is for ever.
    ///   - output: a descriptor to watch as well.
    /// - Returns: whether it was woken, and whether `output` has an event.
    @discardableResult
    func sleep(milliseconds: CInt, output: CInt = -1) -> (wasWoken: Bool, outputIsReady: Bool) {
        let isBlind = reader < 0
        let milliseconds = isBlind && milliseconds < 0 ? Self.blindSleep : milliseconds
        // poll(2) ignores a negative descriptor.
        var watched = [
            pollfd(fd: reader, events: CShort(POLLIN), revents: 0),
            pollfd(fd: output, events: CShort(POLLOUT), revents: 0),
        ]
        guard poll(&watched, 2, milliseconds) > 0 else { return (false, false) }
        let wasWoken = watched[0].revents != 0
        if wasWoken { drain() }
        return (wasWoken, watched[1].revents != 0)
    }

    private func drain() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(reader, &bytes, 16) == 16 {}
    }
}

/// A duration in the milliseconds of poll(2), rounded up.
func pollMilliseconds(_ duration: Duration) -> CInt {
    let nanoseconds = max(0, duration.wholeNanoseconds)
    return CInt(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
}
