import Glibc
import Reprise

/// What the command writes for people, and what it reads from its surroundings.
enum Terminal {
    /// One line on standard output.
    static func say(_ line: String) {
        write(line, to: STDOUT_FILENO)
    }

    /// One line on standard error.
    @Sendable static func complain(_ line: String) {
        write(line, to: STDERR_FILENO)
    }

    private static func write(_ line: String, to descriptor: Int32) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR && errno != EAGAIN { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Standard error, as the log's way out.
    static var log: Program.LogOutput {
        Program.LogOutput(descriptor: STDERR_FILENO, isTerminal: isatty(STDERR_FILENO) == 1)
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
