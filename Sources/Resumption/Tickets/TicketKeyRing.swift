package import RepriseVocabulary

/// The ticket keys of one session domain: one seals, all that are needed open.
///
/// Keys come from the ring itself, which makes new ones as time passes, or from files. The ring outlives reloads: so do
/// its keys. It has no clock; every call passes the time, and any call makes up for missed ones. Times may come from
/// several threads, a little out of order, and from a clock that is set back or ahead: a key whose period it is seals,
/// and no key is wiped while its tickets may come back.
package final class TicketKeyRing: Sendable {
    private let state: Locked<TicketKeyRingState>

    /// A ring that makes its own keys, from now on.
    package init(
        _ rotation: TicketRotation, at time: WallTime, random: @escaping RandomBytes = TicketKey.systemRandom
    ) {
        state = Locked(TicketKeyRingState(rotation, at: time.withRoom, random: random))
    }

    /// The key for new tickets; `nil` when all keys come from files and none is valid now: then no ticket is sealed.
    package func sealing(at time: WallTime) -> TicketKey? {
        state.withLock { $0.sealing(at: time.withRoom) }
    }

    /// The key that a ticket names with its first 16 bytes.
    ///
    /// - Returns: ``TicketKeyLookup/found(_:isNewest:)`` for a key made ahead of its period, too: another node's clock
    ///   may be a little ahead of ours.
    package func opening(name: UnsafeRawBufferPointer, at time: WallTime) -> TicketKeyLookup {
        guard let name = TicketKeyName(name) else { return .unknown }
        return state.withLock { $0.opening(name, at: time.withRoom) }
    }

    /// Whether the key of that name, if it is there now, opens at some other moment; nothing changes by asking.
    func opens(_ name: TicketKeyName, at time: WallTime) -> Bool {
        if case .found = state.withLock({ $0.find(name, at: time.withRoom) }) { true } else { false }
    }

    /// Makes keys ahead of their period and wipes those that are past. A timer calls it, so that handshakes need not.
    package func advance(to time: WallTime) {
        state.withLock { $0.advance(to: time.withRoom) }
    }

    /// Changes the rotation. The keys stay; the one that seals goes on for at most one more rotation of the new length.
    /// A ring whose keys came from files makes its own from now on, and opens with the files' keys until the tickets
    /// that they sealed are past.
    package func reconfigure(_ rotation: TicketRotation, at time: WallTime) {
        state.withLock { $0.reconfigure(rotation, at: time.withRoom) }
    }

    /// Takes its keys from files, in the order in which they would seal; with times, the newest comes first.
    ///
    /// Keys that an earlier call brought and this one does not are gone at once. Keys that the ring made open until the
    /// tickets that they sealed are past.
    package func replace(with keys: [TicketKey], at time: WallTime) {
        state.withLock { $0.replace(with: keys, at: time.withRoom) }
    }

    /// All keys, for operators: first those that come from files, then by time.
    package func snapshot(at time: WallTime) -> [TicketKeySnapshot] {
        state.withLock { $0.snapshot(at: time.withRoom) }
    }
}

extension WallTime {
    /// This time, or the nearest that leaves room for any rotation and lifetime on both sides (30,000 million years).
    fileprivate var withRoom: WallTime {
        let room = Int64(1) << 60
        return min(max(self, WallTime(secondsSinceEpoch: -room)), WallTime(secondsSinceEpoch: room))
    }
}

extension TicketKeyRing: CustomStringConvertible, CustomReflectable {
    package var description: String { "ticket key ring" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A ring's answer about the key that a ticket names.
package enum TicketKeyLookup: Sendable {
    /// The key; if it is not the newest, the caller should seal a new ticket.
    case found(TicketKey, isNewest: Bool)
    /// The ring had that key, but its tickets are too old.
    case expired
    /// The ring never had such a key, or has forgotten it.
    case unknown
}
