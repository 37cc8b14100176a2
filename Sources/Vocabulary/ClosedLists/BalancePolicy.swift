/// How a server is chosen within an upstream group.
package enum BalancePolicy: Int, ClosedList {
    case roundRobin, leastConnections, powerOfTwo, random, consistentHash, firstAvailable

    package static let title = "Ways to choose a server"

    package var text: (word: String, meaning: String) {
        switch self {
        case .roundRobin: ("round_robin", "One after the other, each as often in a cycle as its weight says.")
        case .leastConnections: ("least_connections", "The one with the fewest connections for its weight.")
        case .powerOfTwo:
            ("power_of_two", "Of two that are drawn by weight, the one with fewer connections for its weight.")
        case .random: ("random", "One that is drawn by weight.")
        case .consistentHash:
            ("consistent_hash", "The one that `hash_by` leads to, unless it has more than `hash_max_load` allows.")
        case .firstAvailable: ("first_available", "The first in the order of the file that takes the connection.")
        }
    }
}
