import CRepriseOpenSSL
import Glibc
import Testing

/// Where libssl's versions differ, and we would notice: each difference by the version that brings it.
@Suite struct VersionTests {
    private let version = OpenSSL_version_num()
    private var isBefore3_5: Bool { version < 0x3050_0000 }
    private var isBefore4_0: Bool { version < 0x4000_0000 }

    @Test
    func
        `from 3_5 on a client and a server left alone agree on a hybrid group, and the hello has a key share of a kilobyte`()
        throws
    {
        let server = Context.server(.stateless), client = Context.client(.stateless)
        let link = Link(server, client)
        _ = link.client.handshake()
        let hello = BIO_ctrl_pending(SSL_get_wbio(link.client.ssl))
        #expect(isBefore3_5 ? hello < 600 : hello > 1400, "\(hello) bytes")
        #expect(link.handshake() == .full)
        // A group without a NID is told by its number in TLS, with a bit that says so (SSL_get_negotiated_group(3)).
        let group = reprise_ssl_group(link.server.ssl)
        #expect(group == (isBefore3_5 ? CInt(NID_X25519) : 0x0100_11EC))
    }

    @Test func `from 4_0 on a hello in the form of SSLv2 is not read any more`() throws {
        let link = Link(Context.server(.id), Context.client(.id))
        link.forge([0x80, 28, 1, 0, 2, 0, 3, 0, 0, 0, 16, 1, 0, 0x80] + [UInt8](repeating: 7, count: 16))
        #expect(!link.server.handshake())
        let errors = link.server.failure ?? "none"
        // libssl names the version only of a hello that it has read.
        #expect(["unknown protocol", "unsupported protocol"].contains(errors) == isBefore4_0, "\(errors)")
    }

    /// A number that is no number: nobody needs it, and 4.0 does not believe the list for it.
    @Test func `from 4_0 on a revocation list with a malformed extension revokes nothing, and covers nothing`() throws {
        let result = try verify(with: [0xFF], of: NID_crl_number)
        #expect(isBefore4_0 ? result == X509_V_OK : result != X509_V_OK, "\(result)")
    }

    /// RFC 5280, 4.1.2.5, says inclusive. Our sessions end with that second's first moment everywhere: not one outlives its
    /// certificate with any libssl.
    @Test func `from 4_0 on a certificate is good in the second of its notAfter, before it is over then`() throws {
        let end = try #require(X509_get0_notAfter(Identity.server.certificate))
        let last = reprise_seconds(end)
        #expect(verify(at: last - 1) == X509_V_OK)
        #expect(verify(at: last) == (isBefore4_0 ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK))
        #expect(verify(at: last + 1) == X509_V_ERR_CERT_HAS_EXPIRED)
    }

    /// What verifying a certificate comes to at that time.
    private func verify(at time: Int64) -> CInt {
        let store = X509_STORE_new()
        defer { X509_STORE_free(store) }
        X509_STORE_add_cert(store, Identity.server.certificate)
        let context = X509_STORE_CTX_new()
        defer { X509_STORE_CTX_free(context) }
        X509_STORE_CTX_init(context, store, Identity.server.certificate, nil)
        X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), Int(time))
        _ = X509_verify_cert(context)
        return X509_STORE_CTX_get_error(context)
    }

    /// What verifying a certificate comes to, with a list that has an extension of those bytes.
    private func verify(with bytes: [UInt8], of extensionNID: CInt) throws -> CInt {
        let identity = Identity.server
        let list = try #require(X509_CRL_new())
        defer { X509_CRL_free(list) }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(identity.certificate))
        let (begun, over) = (X509_gmtime_adj(nil, -3600), X509_gmtime_adj(nil, 3600))
        defer {
            ASN1_STRING_free(begun)
            ASN1_STRING_free(over)
        }
        X509_CRL_set1_lastUpdate(list, begun)
        X509_CRL_set1_nextUpdate(list, over)
        let octets = ASN1_STRING_type_new(V_ASN1_OCTET_STRING)
        defer { ASN1_STRING_free(octets) }
        ASN1_STRING_set(octets, bytes, CInt(bytes.count))
        let added = X509_EXTENSION_create_by_NID(nil, extensionNID, 0, octets)
        defer { X509_EXTENSION_free(added) }
        X509_CRL_add_ext(list, added, -1)
        #expect(X509_CRL_sign(list, identity.key, EVP_sha256()) > 0)
        // As from a file: what was made in memory has no cached extensions.
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_CRL(list, &encoded)
        defer { reprise_openssl_free(encoded) }
        var start = encoded.map { UnsafePointer($0) }
        guard let read = d2i_X509_CRL(nil, &start, Int(count)) else { return X509_V_ERR_CRL_NOT_YET_VALID }
        defer { X509_CRL_free(read) }
        let store = X509_STORE_new()
        defer { X509_STORE_free(store) }
        X509_STORE_add_cert(store, identity.certificate)
        X509_STORE_add_crl(store, read)
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
        let context = X509_STORE_CTX_new()
        defer { X509_STORE_CTX_free(context) }
        X509_STORE_CTX_init(context, store, identity.certificate, nil)
        _ = X509_verify_cert(context)
        return X509_STORE_CTX_get_error(context)
    }
}
