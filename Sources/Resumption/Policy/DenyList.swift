package import RepriseTLS
package import RepriseVocabulary
internal import Synchronization

/// Lineages that must no longer resume, each until the age of its chain would forbid it anyway.
///
/// A lineage without a client's certificate gets by resumption nothing that a stranger could not get anew, so that its
/// entry makes room first and is then forgotten. For lineages with a certificate the list fails closed: when nothing
/// else makes room, and each certificate has one entry, the list drops the one that was authenticated longest ago, and
/// from then on also refuses every lineage *with a certificate* that was authenticated no later. One address, or one
/// certificate, can fill only its share.
package final class DenyList: Sendable {
    /// What an addition did.
    package enum Addition: Sendable, Hashable {
        case added
        case alreadyThere
        /// The lineage has no certificate, and there is no room for it or its address has used up its share: it may
        /// resume.
        case leftOut
        /// The list was full: it now refuses all lineages with a certificate that were authenticated up to that moment,
        /// for the first time or again.
        case overflowed(upTo: WallTime, isFirst: Bool)
    }

    /// The holder of the share that an entry counts for.
    package enum Holder: Sendable, Hashable {
        /// A client without a certificate: its address, or the network of an IPv6 one; `nil` on a Unix socket.
        case address(IPAddress?)
        case certificate(PeerChain.Certificate)
    }

    private struct Entry {
        let lineage: LineageID
        let authenticatedAt: WallTime
        let holder: Holder
    }

    private struct State {
        var members: Set<LineageID> = []
        var anonymous = AgeHeap<Entry>(\.authenticatedAt)
        var certified = AgeHeap<Entry>(\.authenticatedAt)
        var shares: [Holder: Int] = [:]
        /// For each certificate that has used up its share: the moment up to which all its lineages are refused.
        var certificates: [PeerChain.Certificate: WallTime] = [:]
        /// The moment up to which all lineages with a certificate are refused.
        var floor: WallTime?

        var count: Int { anonymous.count + certified.count + certificates.count }

        mutating func forget(_ entry: Entry?) {
            guard let entry else { return }
            members.remove(entry.lineage)
            let left = (shares[entry.holder] ?? 1) - 1
            shares[entry.holder] = left > 0 ? left : nil
        }
    }

    private let state = Locked(State())
    /// Whether anything was ever denied: usually nothing was, and each resumption asks three times.
    private let hasDenied = Atomic(false)
    /// How many lineages it may hold.
    package let capacity: Int
    /// How many of them one address, or one certificate, may fill.
    package var share: Int { max(1, capacity / ResumptionLimits.denyListShares) }

    /// - Precondition: a capacity from 1 to ``ResumptionLimits/denyListEntries``.
    package init(capacity: Int) {
        precondition((1...ResumptionLimits.denyListEntries).contains(capacity), "a deny list of \(capacity)")
        self.capacity = capacity
    }

    /// How many entries it has.
    package var count: Int { state.withLock { $0.count } }

    /// Whether a lineage is refused.
    ///
    /// - Parameter certificate: the client's, if it has sent one.
    package func denies(_ lineage: Lineage, of certificate: PeerChain.Certificate?) -> Bool {
        guard hasDenied.load(ordering: .acquiring) else { return false }
        return state.withLock { state in
            if let certificate {
                if let floor = state.floor, lineage.authenticatedAt <= floor { return true }
                if let end = state.certificates[certificate], lineage.authenticatedAt <= end { return true }
            }
            return !state.members.isEmpty && state.members.contains(lineage.id)
        }
    }

    /// Refuses a lineage from now on.
    ///
    /// It forgets nothing while there is room: a clock that is wrong for a while costs no entry.
    /// - Parameter oldest: when it needs room, it first forgets lineages authenticated at or before this moment: they
    ///   are too old to resume.
    package func deny(_ lineage: Lineage, of holder: Holder, oldest: WallTime) -> Addition {
        hasDenied.store(true, ordering: .releasing)
        return state.withLock { state in
            guard !state.members.contains(lineage.id) else { return .alreadyThere }
            if state.count >= capacity || state.shares[holder, default: 0] >= share { Self.forgetOld(&state, oldest) }
            switch holder {
            case .address: return denyAnonymous(lineage, of: holder, &state)
            case .certificate(let certificate): return deny(lineage, of: certificate, holder, &state)
            }
        }
    }

    private func denyAnonymous(_ lineage: Lineage, of holder: Holder, _ state: inout State) -> Addition {
        guard state.shares[holder, default: 0] < share else { return .leftOut }
        if state.count >= capacity {
            guard state.anonymous.count > 0 else { return .leftOut }
            state.forget(state.anonymous.removeFirst())
        }
        Self.add(lineage, holder, to: \.anonymous, &state)
        return .added
    }

    private func deny(
        _ lineage: Lineage, of certificate: PeerChain.Certificate, _ holder: Holder, _ state: inout State
    ) -> Addition {
        if let end = state.certificates[certificate] {
            state.certificates[certificate] = max(end, lineage.authenticatedAt)
            return .added
        }
        // A client with one certificate and ever new lineages ends only its own sessions.
        if state.shares[holder, default: 0] >= share { Self.collapse(holder, &state) }
        if state.count >= capacity {
            if state.anonymous.count > 0 {
                state.forget(state.anonymous.removeFirst())
            } else if let largest = Self.largest(&state) {
                Self.collapse(largest, &state)
            } else {
                return overflow(with: lineage, certificate, &state)
            }
        }
        guard state.certificates[certificate] == nil else {
            state.certificates[certificate] = max(
                state.certificates[certificate] ?? .distantPast, lineage.authenticatedAt)
            return .added
        }
        Self.add(lineage, holder, to: \.certified, &state)
        return .added
    }

    /// The certificate with the most lineages, if any has more than one.
    private static func largest(_ state: inout State) -> Holder? {
        let certified = state.shares.filter { if case .certificate = $0.key { $0.value > 1 } else { false } }
        return certified.max { $0.value < $1.value }?.key
    }

    /// Puts one entry instead of all that a certificate has: its lineages up to the youngest of them.
    private static func collapse(_ holder: Holder, _ state: inout State) {
        guard case .certificate(let certificate) = holder else { return }
        let own = state.certified.removeAll { $0.holder == holder }
        for entry in own { state.forget(entry) }
        guard let youngest = own.map(\.authenticatedAt).max() else { return }
        state.certificates[certificate] = youngest
    }

    /// Each certificate has one entry, and there are as many as the list has room for.
    private func overflow(
        with lineage: Lineage, _ certificate: PeerChain.Certificate, _ state: inout State
    ) -> Addition {
        Self.add(lineage, .certificate(certificate), to: \.certified, &state)
        let isFirst = state.floor == nil
        let moment: WallTime
        let single = state.certified.first?.authenticatedAt
        let all = state.certificates.min { $0.value < $1.value }
        if let all, single.map({ all.value < $0 }) ?? true {
            state.certificates[all.key] = nil
            moment = all.value
        } else {
            state.forget(state.certified.removeFirst())
            moment = single ?? lineage.authenticatedAt
        }
        let floor = max(moment, state.floor ?? .distantPast)
        state.floor = floor
        return .overflowed(upTo: floor, isFirst: isFirst)
    }

    private static func add(
        _ lineage: Lineage, _ holder: Holder, to heap: WritableKeyPath<State, AgeHeap<Entry>>, _ state: inout State
    ) {
        state.members.insert(lineage.id)
        state.shares[holder, default: 0] += 1
        state[keyPath: heap].insert(
            Entry(lineage: lineage.id, authenticatedAt: lineage.authenticatedAt, holder: holder))
    }

    private static func forgetOld(_ state: inout State, _ oldest: WallTime) {
        while let first = state.anonymous.first, first.authenticatedAt <= oldest {
            state.forget(state.anonymous.removeFirst())
        }
        while let first = state.certified.first, first.authenticatedAt <= oldest {
            state.forget(state.certified.removeFirst())
        }
        if state.certificates.values.contains(where: { $0 <= oldest }) {
            state.certificates = state.certificates.filter { $0.value > oldest }
        }
        if let floor = state.floor, floor <= oldest { state.floor = nil }
    }
}
