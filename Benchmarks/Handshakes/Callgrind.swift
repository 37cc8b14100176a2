import Foundation

/// Counts the instructions of ``countedCall(_:_:isOver:)`` by running this program again under valgrind.
enum Callgrind {
    struct Failure: Error {
        let output: String
    }

    /// Instructions of one handshake: the difference of two runs, so that what is done once does not count.
    static func count(_ carrier: String, _ server: String) throws -> (instructions: Double, ticketBytes: Int) {
        // Signatures take their time by chance: a full handshake is counted more often.
        let (few, many) = (5, Carrier(rawValue: carrier)?.resumes ?? true ? 45 : 205)
        let first = try run(carrier, server, few)
        let second = try run(carrier, server, many)
        return (Double(second.instructions - first.instructions) / Double(many - few), second.ticketBytes)
    }

    /// This program without what compilers write for debuggers, which valgrind cannot read all of.
    private static let plain = Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "reprise-handshakes-\(getpid())").path
        let strip = Process()
        strip.executableURL = URL(filePath: "/usr/bin/env")
        strip.arguments = ["strip", "--strip-debug", "-o", path, CommandLine.arguments[0]]
        try strip.run()
        strip.waitUntilExit()
        guard strip.terminationStatus == 0 else { throw Failure(output: "strip ended with \(strip.terminationStatus)") }
        return path
    }

    /// Takes that copy away again.
    static func clean() {
        if case .success(let path) = plain { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func run(
        _ carrier: String, _ server: String, _ count: Int
    ) throws -> (instructions: Int, ticketBytes: Int) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*countedCall*",
            try plain.get(), carrier, server, String(count),
        ]
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, let instructions = number(behind: "Collected : ", in: output),
            let bytes = number(behind: "ticket bytes: ", in: output)
        else { throw Failure(output: output) }
        return (instructions, bytes)
    }

    private static func number(behind text: String, in output: String) -> Int? {
        output.range(of: text).flatMap { Int(output[$0.upperBound...].prefix { $0.isNumber }) }
    }
}
