import CRepriseOpenSSL
import CReprisePrimitives
import Glibc
package import RepriseVocabulary

extension OwnPart {
    /// The environment variable that says `off`.
    fileprivate var variable: String { "REPRISE_\(word.uppercased())" }

    fileprivate var isSwitchedOff: Bool {
        guard let value = getenv(variable) else { return false }
        return strcasecmp(value, "off") == 0
    }
}

extension Library {
    /// Whether libcrypto uses it.
    package enum Use: Sendable, Hashable {
        case inUse
        /// It was not asked for, or has been switched off.
        case off
        /// The reason, for people.
        case impossible(String)
    }

    /// What libcrypto uses of ours in this process.
    package static func use(of own: OwnPart) -> Use {
        switch own {
        case .primitives: primitives
        case .memory: memory.withLock(\.self)
        }
    }

    /// How often memory went back to malloc(3) because a thread kept enough of it (`REPRISE_MEMORY_KEPT_BYTES`).
    package static var memoryGivenBack: UInt { reprise_memory_given_back() }

    /// Gives back what this thread keeps, before the heap is to go back to the system.
    package static func releaseMemory() { reprise_memory_release() }

    /// Has libcrypto take its memory from lists of freed blocks. It must be the first that this process does with libcrypto,
    /// and it is for the whole process: a program that embeds the proxy decides for itself, and is not asked.
    package static func keepMemory() {
        memory.withLock { use in
            guard use == .off, !OwnPart.memory.isSwitchedOff else { return }
            switch reprise_memory_begin() {
            case 1: use = .inUse
            case 0: use = .impossible("libcrypto has allocated memory before")
            case -2: use = .impossible("this process has a malloc(3) with sizes of its own")
            default: use = .off
            }
        }
    }

    private static let memory = Locked(Use.off)

    // Once, by whoever makes the first context or asks.
    private static let primitives: Use = {
        guard !OwnPart.primitives.isSwitchedOff else { return .off }
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        var fault: UnsafePointer<CChar>?
        if reprise_provider_begin(&fault) == 1 { return .inUse }
        // Without one, the machine's configuration has libcrypto's own primitives replaced: it is to be so.
        return fault.map { .impossible("\(String(cString: $0)): \(ErrorQueue.drain().summary)") } ?? .off
    }()

    /// The property query that contexts are made with (SSL_CTX_new_ex(3)): ours first, where libcrypto has taken them.
    package static let propertyQuery: String? = primitives == .inUse ? REPRISE_PROVIDER_QUERY : nil

    /// What was asked for and is not in use, for people.
    package static var faultsOfOwn: [String] {
        OwnPart.allCases.compactMap { own in
            guard case .impossible(let reason) = use(of: own) else { return nil }
            return "libcrypto does without Reprise's own \(own.word), which only costs time: \(reason); "
                + "\(own.variable)=off switches them off"
        }
    }
}
