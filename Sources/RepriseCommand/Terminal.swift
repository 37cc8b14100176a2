import ArgumentParser
import CRepriseProcess
import Glibc
import Reprise

/// The command's output for people, and its arguments and environment.
enum Terminal {
    /// One line on standard output.
    ///
    /// - Throws: an exit code when it cannot be written: a caller that waits for the line must not take its absence for
    ///   success.
    static func say(_ line: String) throws(ExitCode) {
        guard let error = write(line, to: STDOUT_FILENO) else { return }
        complain("reprise: cannot write to standard output: \(String(cString: strerror(error)))")
        throw ExitCode(Program.ExitCode.cannotStart)
    }

    /// Bytes on standard output.
    ///
    /// - Throws: the system's error.
    static func write(_ bytes: [UInt8]) throws {
        guard let error = write(bytes, to: STDOUT_FILENO) else { return }
        throw WriteError(description: String(cString: strerror(error)))
    }

    /// Why output could not be written.
    struct WriteError: Error, CustomStringConvertible {
        let description: String
    }

    /// What a terminal on standard error shows, as it is.
    ///
    /// What would have to wait is left out: whoever draws has other things to do, and draws again.
    static func draw(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&room, 1, 0) == 1 else { return }
            // What a pipe takes whole once it has room at all (PIPE_BUF).
            let count = rest.prefix(4096).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What gives a terminal back, however long that takes.
    static func restore(_ text: String) {
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// One line on standard error. A failure to write it cannot be reported.
    @Sendable static func complain(_ line: String) {
        _ = write(line, to: STDERR_FILENO)
    }

    /// - Returns: the error's number; `nil` when everything is written.
    private static func write(_ line: String, to descriptor: Int32) -> Int32? {
        write(Array((line + "\n").utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR && errno != EAGAIN { return errno }
            if count < 0 && errno == EAGAIN {
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, -1)
            }
            rest = rest.dropFirst(max(0, count))
        }
        return nil
    }

    /// Ends the process with the message of an error or of a request for help, and with its exit code.
    static func leave(_ error: any Error) -> Never {
        let text = RepriseCommand.fullMessage(for: error)
        let code = RepriseCommand.exitCode(for: error)
        guard code.isSuccess else {
            if !text.isEmpty { complain(text) }
            RepriseCommand.exit(withError: code)
        }
        do {
            if !text.isEmpty { try say(text) }
            RepriseCommand.exit(withError: code)
        } catch {
            RepriseCommand.exit(withError: error)
        }
    }

    /// Standard error, as the log's output.
    static var log: Program.LogOutput {
        Program.LogOutput(descriptor: STDERR_FILENO, isTerminal: isatty(STDERR_FILENO) == 1)
    }

    /// The command line after the program's name.
    static var arguments: [String] {
        guard reprise_argument_count() > 1 else { return [] }
        return (1..<reprise_argument_count()).compactMap { reprise_argument($0).map { String(cString: $0) } }
    }

    /// The process's environment.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
