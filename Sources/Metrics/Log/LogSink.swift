import Glibc
import Logging
internal import RepriseVocabulary

/// Where log lines go, and what stands around each there. A file or a socket of its own is closed with the last use.
package final class LogSink: Sendable {
    /// What stands around a line.
    package enum Form: Sendable, Hashable {
        /// Nothing.
        case plain
        /// `<N>` with the severity in front (sd-daemon(3)): journald takes it off standard error.
        case journal
        /// A datagram for each line, in the words of syslog(3).
        case syslog
    }

    /// It cannot be opened.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(errno number: CInt) { description = String(cString: strerror(number)) }
    }

    /// The file's permissions: the group may read what the log tells of clients.
    private static let fileMode: mode_t = 0o640
    /// Where the system's log listens (syslog(3)).
    package static let systemLog = "/dev/log"

    let descriptor: CInt
    let form: Form
    let isColored: Bool
    /// Where datagrams go. Each names it anew, so that a log daemon can be restarted.
    private let path: String
    private let isOwned: Bool

    private init(_ descriptor: CInt, _ form: Form, colored: Bool = false, path: String = "", isOwned: Bool) {
        (self.descriptor, self.form, isColored, self.path) = (descriptor, form, colored, path)
        self.isOwned = isOwned
    }

    /// A descriptor of somebody else's, which is neither closed nor changed.
    package convenience init(borrowing descriptor: CInt, _ form: Form = .plain, colored: Bool = false) {
        self.init(descriptor, form, colored: colored, isOwned: false)
    }

    /// The same descriptor with another form; only standard error's colours go with the plain one.
    package func `as`(_ form: Form) -> LogSink {
        LogSink(borrowing: descriptor, form, colored: isColored && form == .plain)
    }

    deinit {
        if isOwned { Glibc.close(descriptor) }
    }

    /// A file that lines are appended to; it may wait for the disk.
    package static func file(_ path: String) throws(Failure) -> LogSink {
        // A named pipe without a reader must not hold up the start.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = open(path, flags, fileMode)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        return LogSink(descriptor, .plain, isOwned: true)
    }

    /// The system's log; nobody need listen there yet.
    package static func syslog(at path: String = systemLog) throws(Failure) -> LogSink {
        let type = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        return LogSink(descriptor, .syslog, path: path, isOwned: true)
    }

    /// Whether a descriptor is the stream to the journal that systemd names in `JOURNAL_STREAM` (systemd.exec(5)).
    package static func isJournal(_ descriptor: CInt, journalStream: String?) -> Bool {
        var status = stat()
        guard let journalStream, fstat(descriptor, &status) == 0 else { return false }
        return journalStream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Sends one line as a datagram, without ever waiting.
    ///
    /// - Returns: whether the socket took it: a log daemon that is gone or slow costs the line.
    func send(_ line: [UInt8], _ level: Logger.Level, at time: WallTime) -> Bool {
        var bytes = Array("<\(Self.daemon + level.severity)>\(Self.localTime(time)) reprise[\(getpid())]: ".utf8)
        bytes += line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...]
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return sent == bytes.count
    }

    /// The facility of daemons, 3, above the three bits of the severity.
    private static let daemon = 3 << 3

    /// `Nov 23 05:08:00`, which log daemons expect (RFC 3164 §4.1.2).
    private static func localTime(_ time: WallTime) -> String {
        var (seconds, parts) = (time_t(time.secondsSinceEpoch), tm())
        localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%b %e %H:%M:%S", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Logger.Level {
    /// The severity in syslog's numbers (RFC 5424 §6.2.1).
    var severity: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
