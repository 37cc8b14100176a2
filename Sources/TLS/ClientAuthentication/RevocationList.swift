import CRepriseOpenSSL
import RepriseVocabulary

/// A revocation list whose signature has been verified.
///
/// Immutable, and shared by the workers.
// @unchecked: immutable after init; libcrypto sorts the entries under a lock of its own.
final class RevocationList: @unchecked Sendable {
    private let list: OpaquePointer
    let scope: RevocationScope
    let begins: WallTime
    /// Its number; `nil` for none, or one that is longer than 64 bits.
    private let number: UInt64?
    let ends: WallTime

    /// Takes over the list.
    init(_ list: OpaquePointer) {
        self.list = list
        scope = RevocationScope(of: list)
        // A thisUpdate that is no date never comes; a nextUpdate that is no date is over.
        begins = X509Reading.time(reprise_seconds(X509_CRL_get0_lastUpdate(list))) ?? .distantFuture
        number = Self.number(of: list)
        ends =
            if let end = X509_CRL_get0_nextUpdate(list) {
                X509Reading.time(reprise_seconds(end)) ?? .distantPast
            } else {
                // Without a next update a list does not become old (X509_verify_cert(3)).
                .distantFuture
            }
    }

    deinit {
        X509_CRL_free(list)
    }

    /// The newest of some lists: by their beginning, then by their number (RFC 5280 §5.2.3); several where neither
    /// tells.
    static func newest(of lists: [RevocationList]) -> [RevocationList] {
        guard let begins = lists.map(\.begins).max() else { return [] }
        let last = lists.filter { $0.begins == begins }
        guard let number = last.compactMap(\.number).max() else { return last }
        // One without a number may be the newest.
        return last.filter { $0.number.map { $0 == number } ?? true }
    }

    func isCurrent(at time: WallTime) -> Bool {
        begins <= time && time < ends
    }

    private static func number(of list: OpaquePointer) -> UInt64? {
        var number: UInt64 = 0
        return reprise_crl_number(list, &number) == 1 ? number : nil
    }

    func names(_ certificate: PeerChain.Certificate) -> Bool {
        defer { ErrorQueue.clear() }
        return certificate.serial.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            // A serial that does not parse cannot be told from a listed one.
            guard let serial = d2i_ASN1_INTEGER(nil, &start, bytes.count) else { return true }
            defer { ASN1_INTEGER_free(serial) }
            // 2 is removeFromCRL: the entry says that the certificate is no longer revoked.
            return X509_CRL_get0_by_serial(list, nil, serial) == 1
        }
    }
}
