import Glibc
import RepriseTestSupport
import RepriseVocabulary

// swift run -c release RepriseAffinityBenchmark [lineages [threads [policy]]]
// Lineages that visit three machines before ten servers ten times each, with TLS 1.3 in memory; one server dies half-way.

/// How far from an even share each server that is left may be.
let limit = 0.1

func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Does the same for each part of the lineages on a thread of its own, and waits for all.
func inParallel(
    _ parts: [AffinityScenario], _ work: @escaping @Sendable (inout AffinityScenario) throws -> Void
) throws -> [AffinityScenario] {
    let running = parts.map { part in
        Background {
            Result {
                var part = part
                try work(&part)
                return part
            }
        }
    }
    return try running.map { try $0.value.get() }
}

func percent(_ part: Double) -> String {
    let tenths = Int((part * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
}

let arguments = CommandLine.arguments.dropFirst().map { $0 }
let lineages = arguments.first.flatMap { Int($0) } ?? 100_000
let threads = arguments.dropFirst().first.flatMap { Int($0) } ?? 2
let policy = arguments.dropFirst(2).first.flatMap { word in BalancePolicy.allCases.first { $0.word == word } }

let fleet = try MemoryFleet(nodes: AffinityScenario.nodes, servers: AffinityScenario.servers, policy ?? .roundRobin)
let start = seconds()
var parts = (0..<threads).map {
    AffinityScenario(lineages: lineages * $0 / threads..<lineages * ($0 + 1) / threads)
}
parts = try inParallel(parts) { try $0.begin(at: fleet.nodes()) }
print("before: \(Int(seconds() - start)) s")
parts = try inParallel(parts) { try $0.goOn(at: fleet.nodes(killed: AffinityScenario.killed)) }

var outcome = AffinityScenario.Outcome()
for part in parts { outcome.add(part.outcome) }
let isEven = outcome.largestDeviation <= limit
print("lineages                     \(lineages), \((policy ?? .roundRobin).word), \(threads) threads")
print("visits                       \(outcome.visits) in \(Int(seconds() - start)) s")
print("resumed                      \(outcome.resumed) of \(outcome.expectedResumptions)")
print("elsewhere without need       \(outcome.strays)")
print("at the dead server           \(outcome.ghosts)")
print("moved, by server             \(outcome.moved)")
print("largest distance from even   \(percent(outcome.largestDeviation)), limit \(percent(limit))")
let isKept = outcome.strays == 0 && outcome.ghosts == 0 && outcome.resumed == outcome.expectedResumptions
exit(isKept && isEven ? 0 : 1)
