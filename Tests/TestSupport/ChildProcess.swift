package import Foundation
import Glibc

/// A program that was started, and is reaped as soon as it ends.
///
/// Not Foundation's Process: it leaves some children unreaped, which keeps the tests that end a process waiting for
/// ever, and it hands its blocked signals on to them.
package final class ChildProcess: Sendable {
    /// One of the three standard descriptors, as the child gets it.
    package enum Stream: Sendable {
        case null
        /// A descriptor of this process, which stays the caller's to close.
        case descriptor(CInt)
    }

    package let id: pid_t
    private let waiting: Background<CInt>
    private let ended = Flag()

    /// It could not be started.
    package struct StartFailure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts a program, sought in PATH, with no signal blocked or ignored.
    package init(
        _ command: [String], folder: URL? = nil, input: Stream = .null, output: Stream = .null, errors: Stream = .null
    ) throws {
        let command = (folder.map { ["env", "-C", $0.path] } ?? []) + command
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in [input, output, errors].enumerated() {
            switch stream {
            case .null: posix_spawn_file_actions_addopen(&actions, CInt(number), "/dev/null", O_RDWR, 0)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
            }
        }
        // A socket or pipe that another thread holds must not stay open because of this child.
        for descriptor in 3..<(Self.highestDescriptor + 256) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var id: pid_t = 0
        let code = posix_spawnp(&id, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else {
            throw StartFailure(description: "\(command[0]): \(String(cString: strerror(code)))")
        }
        self.id = id
        let (child, ended) = (id, self.ended)
        waiting = Background {
            var status: CInt = 0
            while waitpid(child, &status, 0) == -1, errno == EINTR {}
            ended.set()
            let signal = status & 0x7f
            return signal == 0 ? (status >> 8) & 0xff : signal
        }
    }

    private static var highestDescriptor: CInt {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.compactMap { CInt($0) }.max() ?? 3
    }

    /// Whether it has not been seen to end.
    package var isRunning: Bool { !ended.isSet }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: CInt) {
        if isRunning { kill(id, number) }
    }

    /// Waits until it has ended.
    ///
    /// - Returns: the exit status, or the number of the signal that ended it.
    package func waitForStatus() -> CInt { waiting.value }

    private final class Flag: @unchecked Sendable {
        // @unchecked: the value is behind `lock`.
        private let lock = NSLock()
        private var value = false
        var isSet: Bool { lock.withLock { value } }
        func set() { lock.withLock { value = true } }
    }
}

extension Pipe {
    /// Closes the end that a started child writes to, so that reading ends with it.
    package func closeWriter() { try? fileHandleForWriting.close() }

    /// Reads the next bytes; empty at the end.
    ///
    /// Not by FileHandle, which ends the process when a signal interrupts the read.
    package func readSome() -> Data {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(fileHandleForReading.fileDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return Data(buffer.prefix(max(0, count)))
        }
    }

    /// Reads to the end.
    package func readAll() -> Data {
        var all = Data()
        while true {
            let some = readSome()
            guard !some.isEmpty else { return all }
            all.append(some)
        }
    }

    package var writer: ChildProcess.Stream { .descriptor(fileHandleForWriting.fileDescriptor) }
    package var reader: ChildProcess.Stream { .descriptor(fileHandleForReading.fileDescriptor) }
}
