import CRepriseOpenSSL
import RepriseVocabulary

/// What a ClientHello may hold at most, so that no hello costs many times what an ordinary one does: libssl has no
/// bound of its own but 128 KiB, and compares some lists with others.
enum HelloBounds {
    /// A bound that was passed: the sentence for the log.
    struct Excess: Equatable {
        let text: String
    }

    /// The alert for a hello that passes one (RFC 8446 §6.2): its fields may be well-formed, but are out of range.
    static let alert = TLSAlert(code: 47)

    static func tooLong(_ bytes: Int) -> Excess? {
        bytes > TLSLimits.helloBytes
            ? Excess(text: "the ClientHello has more than \(TLSLimits.helloBytes) bytes") : nil
    }

    static func tooManyRecords(left: Int) -> Excess? {
        left > 0 ? nil : Excess(text: "the ClientHello comes in more than \(TLSLimits.helloRecords - 1) records")
    }

    /// Looks at the ClientHello that libssl holds; only inside its client_hello callback.
    ///
    /// - Parameter bytes: how long it is.
    static func excess(in ssl: OpaquePointer, bytes: Int) -> Excess? {
        guard bytes > TLSLimits.plainHelloBytes else { return nil }
        if let tooLong = tooLong(bytes) { return tooLong }
        var ciphers: UnsafePointer<UInt8>?
        if SSL_client_hello_get0_ciphers(ssl, &ciphers) > 2 * TLSLimits.helloCiphers {
            return over(TLSLimits.helloCiphers, "cipher suites")
        }
        for bound in bounds {
            guard let body = ClientHello.bytes(of: bound.type, in: ssl) else { continue }
            if bound.count(body) > bound.most { return over(bound.most, bound.what) }
        }
        return nil
    }

    private static func over(_ most: Int, _ what: String) -> Excess {
        Excess(text: "the ClientHello names more than \(most) \(what)")
    }

    /// How much of something one extension holds.
    private struct Bound: Sendable {
        let type: CInt
        let what: String
        let most: Int
        /// A lower bound will do where an extension does not parse: libssl refuses it.
        let count: @Sendable (UnsafeBufferPointer<UInt8>) -> Int
    }

    private static let bounds = [
        Bound(type: TLSEXT_TYPE_supported_groups, what: "groups", most: TLSLimits.helloGroups) { $0.count / 2 - 1 },
        Bound(
            type: TLSEXT_TYPE_signature_algorithms, what: "signature algorithms",
            most: TLSLimits.helloSignatureAlgorithms
        ) { $0.count / 2 - 1 },
        Bound(
            type: TLSEXT_TYPE_signature_algorithms_cert, what: "signature algorithms of certificates",
            most: TLSLimits.helloSignatureAlgorithms
        ) { $0.count / 2 - 1 },
        Bound(type: TLSEXT_TYPE_key_share, what: "key shares", most: TLSLimits.helloKeyShares) {
            entries($0, stopAt: TLSLimits.helloKeyShares) { $0.number16() != nil && $0.vector16() != nil }
        },
        Bound(type: TLSEXT_TYPE_psk, what: "pre-shared keys", most: TLSLimits.helloIdentities) {
            entries($0, stopAt: TLSLimits.helloIdentities) {
                $0.vector16() != nil && $0.number16() != nil && $0.number16() != nil
            }
        },
        Bound(
            type: TLSEXT_TYPE_application_layer_protocol_negotiation, what: "application protocols",
            most: TLSLimits.helloProtocols
        ) {
            entries($0, stopAt: TLSLimits.helloProtocols) { $0.vector8() != nil }
        },
        Bound(
            type: TLSEXT_TYPE_status_request, what: "bytes of OCSP responders", most: TLSLimits.helloResponderBytes
        ) { $0.count },
        Bound(
            type: TLSEXT_TYPE_certificate_authorities, what: "bytes of authorities",
            most: TLSLimits.helloAuthorityBytes
        ) { $0.count },
    ]

    /// The entries of a list with two bytes of length, up to one more than that many.
    private static func entries(
        _ body: UnsafeBufferPointer<UInt8>, stopAt most: Int, _ next: (inout ByteReader) -> Bool
    ) -> Int {
        var reader = ByteReader(body)
        guard var list = reader.vector16() else { return 0 }
        var count = 0
        while count <= most, !list.isAtEnd, next(&list) { count += 1 }
        return count
    }
}
