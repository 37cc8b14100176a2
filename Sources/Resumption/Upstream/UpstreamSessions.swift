package import RepriseTLS
package import RepriseVocabulary
internal import Synchronization

/// The sessions that servers have given us, to be offered to them again: those of all workers, as DER in a store of one
/// budget.
///
/// A session is found under what it was agreed on with (``UpstreamSessionKey``) alone. Of TLS 1.3 each is offered once
/// (RFC 8446 §C.4); of TLS 1.2 the newest is, again and again. All calls are synchronous, from any thread.
package final class UpstreamSessions: Sendable {
    /// The least budget.
    package static let leastBudget = LocalSessionStore.leastBudget
    /// No server's word makes a session last longer (RFC 8446 §4.6.1).
    package static let longestLifetime = Duration.seconds(604_800)
    /// The shortest that a session takes in the store: one of TLS 1.2 with an id and no certificate.
    private static let shortestRecord = 128
    /// What tells a certificate from others of the same server's.
    package typealias CertificateDigest = UInt64

    /// A session's number, which no other has.
    package typealias Number = UInt64

    /// How sessions are kept.
    package struct Terms: Sendable, Hashable {
        /// How many there are under one key at most; the newest stay.
        package var keep: Int
        /// How long those that descend from one full handshake can be offered.
        package var maximumChainAge: Duration

        package init(keep: Int = 16, maximumChainAge: Duration = .seconds(86_400)) {
            (self.keep, self.maximumChainAge) = (keep, maximumChainAge)
        }
    }

    /// A session to offer.
    package struct Offer {
        package let session: SessionReference
        package let number: Number
        /// When the full handshake was that it descends from.
        package let began: WallTime
        /// When what was verified then is over.
        package let limit: WallTime
        package let certificate: CertificateDigest
    }

    /// What there is to offer.
    package enum Answer {
        case offer(Offer)
        case nothing(UpstreamResumption)
    }

    private let store: LocalSessionStore
    private let book: Locked<UpstreamSessionBook>
    private let tooLong = Atomic<Int>(0)

    /// - Parameter budget: bytes for the sessions, at least ``leastBudget``; what finds them takes some 100 bytes more for
    ///   each.
    package init(budget: Int) throws(StoreMemoryError) {
        store = try LocalSessionStore(budget: budget)
        book = Locked(UpstreamSessionBook(capacity: budget / Self.shortestRecord))
    }

    /// How many there are, and their bytes.
    package var counts: StoreCounts { store.counts }

    /// The memory of what finds them, outside of the budget.
    var bookBytes: Int { book.withLock { $0.byteCount } }
    /// How many came that were longer than what is kept.
    package var leftOut: Int { tooLong.load(ordering: .relaxed) }

    // MARK: To a server

    /// The newest session under a key that can still be offered; one of TLS 1.3 is nobody else's from now on.
    package func next(for key: UpstreamSessionKey, _ terms: Terms, at now: WallTime) -> Answer {
        var reason = UpstreamResumption.noSession
        while let entry = book.withLock({ $0.newest(under: key) }) {
            let isTooOld = Self.isOver(entry.began, terms.maximumChainAge, at: now)
            guard !isTooOld, entry.expires > now else {
                reason = isTooOld ? .chainTooOld : .expired
                remove(entry.number, under: key)
                continue
            }
            if entry.isSingleUse, !book.withLock({ $0.remove(entry.number, under: key) }) { continue }
            if let session = read(entry, at: now) {
                return .offer(
                    Offer(
                        session: session, number: entry.number, began: entry.began, limit: entry.limit,
                        certificate: entry.certificate))
            }
            // The store has made room.
            _ = book.withLock { $0.remove(entry.number, under: key) }
        }
        return .nothing(reason)
    }

    private func read(_ entry: UpstreamSessionBook.Entry, at now: WallTime) -> SessionReference? {
        withUnsafeTemporaryAllocation(byteCount: LocalSessionStore.longestSession, alignment: 8) { buffer in
            let key = SessionKey(number: entry.number)
            let count =
                entry.isSingleUse ? store.take(key, at: now, into: buffer) : store.get(key, at: now, into: buffer)
            guard let count else { return nil }
            let der = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            defer { der.wipe() }
            return SessionReference.reading(UnsafeRawBufferPointer(der))
        }
    }

    private static func isOver(_ began: WallTime, _ age: Duration, at now: WallTime) -> Bool {
        began.later(by: age) <= now
    }

    // MARK: From a server

    /// Keeps a session that a server has given.
    ///
    /// - Parameters:
    ///   - began: when the full handshake was that it descends from.
    ///   - limit: when what was verified then is over.
    ///   - certificate: what the server has shown.
    /// - Returns: its number; `nil` for one that is not to be kept: it does not resume, its server says that it is not to be
    ///   (RFC 8446 §4.6.1), or it is longer than the store takes.
    package func keep(
        _ session: SessionReference, under key: UpstreamSessionKey, began: WallTime,
        until limit: WallTime = .distantFuture,
        certificate: CertificateDigest,
        _ terms: Terms, at now: WallTime
    ) -> Number? {
        guard terms.keep > 0, session.isResumable, let lifetime = session.lifetimeForClient else { return nil }
        guard let der = session.derWithoutPeer else {
            tooLong.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        let expires = min(now.wholeSecond.later(by: min(lifetime, Self.longestLifetime)), limit)
        let number = book.withLock { $0.number() }
        let isKept = der.withBytes { store.put(SessionKey(number: number), $0, expires: expires, at: now).isKept }
        guard isKept else { return nil }
        let entry = UpstreamSessionBook.Entry(
            number: number, expires: expires, began: began, limit: limit, certificate: certificate,
            isSingleUse: session.version == .tls1_3)
        if book.withLock({ $0.isFull }) { sweep(at: now) }
        for old in book.withLock({ $0.add(entry, under: key, keep: terms.keep) }) {
            store.remove(SessionKey(number: old))
        }
        return number
    }

    /// Forgets a session.
    package func remove(_ number: Number, under key: UpstreamSessionKey) {
        _ = book.withLock { $0.remove(number, under: key) }
        store.remove(SessionKey(number: number))
    }

    /// A full handshake has shown that certificate: sessions that were agreed on under another one go.
    ///
    /// - Returns: whether there were some.
    package func shown(_ certificate: CertificateDigest, under key: UpstreamSessionKey) -> Bool {
        let old = book.withLock { $0.remove(under: key) { $0.certificate != certificate } }
        for number in old { store.remove(SessionKey(number: number)) }
        return !old.isEmpty
    }

    /// Forgets those whose time is over, or that the store has made room of.
    package func sweep(at now: WallTime) {
        let all = book.withLock { $0.all }
        for (key, entry) in all
        where entry.expires <= now || store.length(of: SessionKey(number: entry.number), at: now) == nil {
            remove(entry.number, under: key)
        }
    }
}

extension SessionKey {
    /// The key of a session that has a number instead of an id.
    fileprivate init(number: UInt64) { self.init(words: (number, 0, 0, 0)) }
}
