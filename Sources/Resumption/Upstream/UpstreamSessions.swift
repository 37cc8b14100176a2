package import RepriseTLS
package import RepriseVocabulary
internal import Synchronization

/// The sessions that servers have given us, to be offered to them again: those of all workers, as DER within one budget, wiped
/// when they go.
///
/// A session is found under what it was agreed on with (``UpstreamSessionKey``) alone. Of TLS 1.3 each is offered once
/// (RFC 8446 §C.4); of TLS 1.2 the newest is, again and again. All calls are synchronous, from any thread.
package final class UpstreamSessions: Sendable {
    /// The least budget.
    package static let leastBudget = 64 << 10
    /// Under how many names one server's sessions are kept where clients choose the name.
    package static let namesOfClients = 256
    /// No server's word makes a session last longer (RFC 8446 §4.6.1).
    package static let longestLifetime = Duration.seconds(604_800)
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
        /// Whether clients choose the names that servers are asked for: any of them could fill all room otherwise.
        package var areNamesOfClients: Bool

        package init(
            keep: Int = 16, maximumChainAge: Duration = .seconds(86_400), areNamesOfClients: Bool = false
        ) {
            (self.keep, self.maximumChainAge, self.areNamesOfClients) = (keep, maximumChainAge, areNamesOfClients)
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

    private let book: Locked<UpstreamSessionBook>
    private let notKept = Atomic<Int>(0)

    /// - Parameter budget: bytes for all of it, at least ``leastBudget``.
    package init(budget: Int) {
        precondition(budget >= Self.leastBudget, "a budget of \(budget) bytes, less than \(Self.leastBudget)")
        book = Locked(UpstreamSessionBook(budget: budget))
    }

    /// How many there are, their bytes, and how many made room for others.
    package var counts: StoreCounts { book.withLock { $0.counts } }

    /// How many came that were longer than what is kept, or under one name more than a server's clients may ask for.
    package var leftOut: Int { notKept.load(ordering: .relaxed) }

    // MARK: To a server

    /// The newest session under a key that can still be offered; one of TLS 1.3 is nobody else's from now on.
    package func next(for key: UpstreamSessionKey, _ terms: Terms, at now: WallTime) -> Answer {
        var reason = UpstreamResumption.noSession
        while let entry = book.withLock({ $0.next(key) }) {
            let isTooOld = Self.isOver(entry.began, terms.maximumChainAge, at: now)
            guard !isTooOld, entry.expires > now, let session = entry.der.withBytes({ SessionReference.reading($0) })
            else {
                reason = isTooOld ? .chainTooOld : .expired
                remove(entry.number, under: key)
                continue
            }
            return .offer(
                Offer(
                    session: session, number: entry.number, began: entry.began, limit: entry.limit,
                    certificate: entry.certificate))
        }
        return .nothing(reason)
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
        guard let der = session.derWithoutPeer else { return leaveOut() }
        let expires = min(now.wholeSecond.later(by: min(lifetime, Self.longestLifetime)), limit)
        let isSingleUse = session.version == .tls1_3
        return book.withLock { book in
            let isCrowded = terms.areNamesOfClients && book.names(of: key.server) >= Self.namesOfClients
            if isCrowded, !book.has(key) { return leaveOut() }
            let entry = UpstreamSessionBook.Entry(
                number: book.number(), expires: expires, began: began, limit: limit, certificate: certificate,
                isSingleUse: isSingleUse, der: der)
            return book.add(entry, under: key, keep: terms.keep) ? entry.number : nil
        }
    }

    private func leaveOut() -> Number? {
        notKept.wrappingAdd(1, ordering: .relaxed)
        return nil
    }

    /// Forgets a session.
    package func remove(_ number: Number, under key: UpstreamSessionKey) {
        _ = book.withLock { $0.remove(under: key) { $0.number == number } }
    }

    /// Forgets all under a key: a server that fails a handshake for one would for each of the others.
    package func removeAll(under key: UpstreamSessionKey) {
        _ = book.withLock { $0.remove(under: key) { _ in true } }
    }

    /// A full handshake has shown that certificate: sessions that were agreed on under another one go, and none comes in later.
    ///
    /// - Returns: whether there were some.
    package func shown(_ certificate: CertificateDigest, under key: UpstreamSessionKey, at now: WallTime) -> Bool {
        book.withLock { $0.shown(certificate, under: key, at: now) }
    }

    /// Forgets those whose time is over.
    package func sweep(at now: WallTime) { book.withLock { $0.sweep(at: now) } }
}
