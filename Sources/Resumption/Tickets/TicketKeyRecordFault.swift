package import RepriseVocabulary

/// What is wrong with the keys of a file of Reprise's own; keys count from 1, in the order of the file.
package enum TicketKeyRecordFault: Error, Sendable, Hashable {
    /// There is no key.
    case none
    /// A name is not 16 bytes long.
    case nameSize(key: Int, bytes: Int)
    /// A secret is neither 16 nor 32 bytes long.
    case secretSize(key: Int, bytes: Int)
    /// A name or a secret is one byte over and over.
    case notRandom(key: Int)
    /// A key has no time in which it could seal.
    case endsBeforeItBegins(key: Int)
    /// Two keys have the same name.
    case sameName(first: Int, second: Int)
    /// Two keys begin to seal at the same time.
    case sameTurn(first: Int, second: Int)
    /// All keys have expired: none can seal or open.
    case allExpired(since: WallTime)
    /// No key seals yet.
    case notYetValid(until: WallTime)
    /// No key seals in that time.
    case gap(from: WallTime, until: WallTime)
    /// A key ceases to open while tickets that it sealed still live.
    case closesEarly(key: Int, needed: WallTime)

    /// Whether handshakes go on all the same, with fewer resumptions: then it is a warning and not an error.
    package var isWarning: Bool {
        switch self {
        case .notYetValid, .gap, .closesEarly: true
        default: false
        }
    }
}

extension TicketKeyRecordFault: CustomStringConvertible {
    /// What is wrong, and what would be accepted.
    package var description: String {
        switch self {
        case .none: "there is no key"
        case .nameSize(let key, let bytes): "key \(key) has a name of \(bytes) bytes; it needs 16"
        case .secretSize(let key, let bytes): "key \(key) has a secret of \(bytes) bytes; it needs 16 or 32"
        case .notRandom(let key): "key \(key) has one byte over and over where it should be random"
        case .endsBeforeItBegins(let key): "key \(key) has a not_after that is not after its not_before"
        case .sameName(let first, let second): "keys \(first) and \(second) have the same name"
        case .sameTurn(let first, let second): "keys \(first) and \(second) have the same not_before"
        case .allExpired(let since): "all keys are past since \(since)"
        case .notYetValid(let until): "no key seals before \(until)"
        case .gap(let start, let end): "no key seals from \(start) until \(end)"
        case .closesEarly(let key, let needed):
            "key \(key) should open until \(needed), for the tickets that it seals last"
        }
    }
}
