import RepriseResumption

// swift run -c release RepriseStoreBenchmark [sessions]
// The table of docs: what the in-process session store costs at ten thousand sessions and at ten million.
// Under an instruction counter: RepriseStoreBenchmark instructions SESSIONS, which counts nothing but what `oneRound` does.

/// What the store is promised to cost (lines of the table).
enum Limit {
    static let bytesPerSession = 236.2
    static let overhead = 24.0
    static let nanoseconds = 1000.0
    static let threads = 1.7
    static let longestMicroseconds = 1000.0
}

let arguments = CommandLine.arguments
if arguments.count == 4, arguments[1] == "instructions", let sessions = Int(arguments[2]),
    let rounds = Int(arguments[3])
{
    try countInstructions(sessions: sessions, rounds: rounds)
} else if arguments.count == 2, arguments[1] == "threads" {
    try printThreads(sessions: 1_000_000)
} else {
    try printTable(large: arguments.count == 2 ? Int(arguments[1]) ?? 10_000_000 : 10_000_000)
}
