import Foundation

/// What a program left behind.
package struct ShellResult: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String
}

/// Runs real programs, each with a deadline.
package enum Shell {
    /// Runs a program to its end, or ends it after `seconds`.
    ///
    /// - Parameter input: what it reads on standard input; then that is closed.
    package static func run(_ command: [String], input: String = "", seconds: Int = 20) throws -> ShellResult {
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        let process = try ChildProcess(
            ["timeout", "-k", "1", "\(seconds)"] + command, input: stdin.reader, output: stdout.writer,
            errors: stderr.writer)
        try? stdin.fileHandleForReading.close()
        stdout.closeWriter()
        stderr.closeWriter()
        let errors = Background { stderr.readAll() }
        try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? stdin.fileHandleForWriting.close()
        let output = stdout.readAll()
        return ShellResult(
            status: process.waitForStatus(), output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors.value, as: UTF8.self))
    }

    /// Runs a Python program given as text.
    package static func python(_ program: String, _ arguments: [String] = [], seconds: Int = 20) throws -> ShellResult {
        try run(["python3", "-c", program] + arguments, seconds: seconds)
    }
}

/// Work on a thread of its own, and its result.
package final class Background<Value: Sendable>: @unchecked Sendable {
    // @unchecked: `result` is written before `done` is signalled and read after it was.
    private let done = DispatchSemaphore(value: 0)
    private var result: Value?

    package init(_ work: @escaping @Sendable () -> Value) {
        Thread {
            self.result = work()
            self.done.signal()
        }.start()
    }

    /// The result, once it is there.
    package var value: Value {
        done.wait()
        defer { done.signal() }
        guard let result else { preconditionFailure("work without a result") }
        return result
    }
}
