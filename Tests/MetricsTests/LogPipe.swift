import Foundation
import RepriseMetrics

/// A pipe that a log queue writes to, and that the test reads when it likes.
final class LogPipe: @unchecked Sendable {
    // @unchecked: each test uses it from one thread.
    private(set) var reader: CInt
    let writer: CInt

    init(nonBlocking: Bool = false) {
        var ends: [CInt] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe")
        (reader, writer) = (ends[0], ends[1])
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        if nonBlocking { _ = fcntl(writer, F_SETFL, O_NONBLOCK) }
    }

    // The writer stays open: a log queue's thread may outlive its test, and would write to what gets the number next.
    deinit { closeReader() }

    func closeReader() {
        if reader >= 0 { close(reader) }
        reader = -1
    }

    /// Everything that is in the pipe now.
    func read() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(reader, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// Reads until `isEnough` says so, or ten seconds have passed without a byte.
    func read(until isEnough: (String) -> Bool) -> String {
        var text = ""
        while !isEnough(text) {
            var watched = pollfd(fd: reader, events: CShort(POLLIN), revents: 0)
            guard poll(&watched, 1, 10_000) > 0 else { return text }
            text += read()
        }
        return text
    }
}
