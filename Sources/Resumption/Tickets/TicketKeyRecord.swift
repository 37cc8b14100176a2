package import RepriseVocabulary

/// A ticket key from a file of Reprise's own format, not yet checked.
package struct TicketKeyRecord: Sendable {
    /// The public name.
    package let name: [UInt8]
    package let aes: Secret
    package let hmac: Secret
    /// When it begins to seal.
    package let notBefore: WallTime
    /// When it ceases to open.
    package let notAfter: WallTime

    package init(name: [UInt8], aes: Secret, hmac: Secret, notBefore: WallTime, notAfter: WallTime) {
        self.name = name
        self.aes = aes
        self.hmac = hmac
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Finds what is wrong with a file's keys, now or later.
    ///
    /// - Parameter ticketLifetime: how long a ticket lives; a key must open for that long after the next key begins to seal.
    package static func check(
        _ records: [TicketKeyRecord], ticketLifetime: Duration, at time: WallTime
    ) -> [TicketKeyRecordFault] {
        guard !records.isEmpty else { return [.none] }
        return records.indices.flatMap { faults(of: records[$0], number: $0 + 1) } + duplicates(in: records)
            + faults(ofOrder: records, ticketLifetime: ticketLifetime, at: time)
    }

    /// The keys for ``TicketKeyRing/replace(with:at:)``, without the invalid ones: the newest first.
    package static func keys(of records: [TicketKeyRecord]) -> [TicketKey] {
        records.sorted { $0.notBefore > $1.notBefore }.compactMap { record in
            guard let name = record.name.withUnsafeBytes({ TicketKeyName($0) }) else { return nil }
            return TicketKey(
                name: name, aes: record.aes, hmac: record.hmac, notBefore: record.notBefore, notAfter: record.notAfter)
        }
    }

    private static func faults(of record: TicketKeyRecord, number: Int) -> [TicketKeyRecordFault] {
        var faults: [TicketKeyRecordFault] = []
        if record.name.count != TicketKeyName.byteCount {
            faults.append(.nameSize(key: number, bytes: record.name.count))
        }
        for secret in [record.aes, record.hmac] where !TicketKey.keySizes.contains(secret.count) {
            faults.append(.secretSize(key: number, bytes: secret.count))
        }
        let secrets = [record.aes, record.hmac].contains {
            $0.withBytes { bytes in !bytes.isEmpty && bytes.allSatisfy { $0 == bytes[0] } }
        }
        if secrets || Set(record.name).count == 1 { faults.append(.notRandom(key: number)) }
        if record.notAfter <= record.notBefore { faults.append(.endsBeforeItBegins(key: number)) }
        return faults
    }

    private static func duplicates(in records: [TicketKeyRecord]) -> [TicketKeyRecordFault] {
        records.indices.flatMap { second in
            records[..<second].indices.flatMap { first -> [TicketKeyRecordFault] in
                let (one, other) = (records[first], records[second])
                var faults: [TicketKeyRecordFault] = []
                if one.name == other.name { faults.append(.sameName(first: first + 1, second: second + 1)) }
                if one.notBefore == other.notBefore { faults.append(.sameTurn(first: first + 1, second: second + 1)) }
                return faults
            }
        }
    }

    /// What is wrong with the keys' times; it looks only ahead, because only that can still be changed.
    private static func faults(
        ofOrder records: [TicketKeyRecord], ticketLifetime: Duration, at time: WallTime
    ) -> [TicketKeyRecordFault] {
        let sorted = records.indices.sorted { records[$0].notBefore < records[$1].notBefore }
        guard records.contains(where: { $0.notAfter > time }) else {
            return [.allExpired(since: records.map(\.notAfter).max() ?? time)]
        }
        var faults: [TicketKeyRecordFault] = []
        if let first = sorted.first, records[first].notBefore > time {
            faults.append(.notYetValid(until: records[first].notBefore))
        }
        // An older key that lives longer may bridge an apparent gap between two neighbours.
        var covered = sorted.first.map { records[$0].notAfter } ?? time
        for (older, newer) in zip(sorted, sorted.dropFirst()) {
            let start = records[newer].notBefore
            if covered < start, start > time { faults.append(.gap(from: covered, until: start)) }
            covered = max(covered, records[newer].notAfter)
            let needed = start.later(by: ticketLifetime)
            if records[older].notAfter < needed, records[older].notAfter >= start, needed > time {
                faults.append(.closesEarly(key: older + 1, needed: needed))
            }
        }
        return faults
    }
}

extension TicketKeyRecord: CustomStringConvertible, CustomReflectable {
    package var description: String { "ticket key record" }

    package var customMirror: Mirror { Mirror(self, children: ["notBefore": notBefore, "notAfter": notAfter]) }
}
