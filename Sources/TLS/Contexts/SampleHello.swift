import CRepriseOpenSSL
import RepriseVocabulary

/// A ClientHello that libssl makes under a listener's lists: its numbers are the result of the lists, libssl's own list
/// included.
struct SampleHello {
    private var extensions: [CInt: [UInt8]] = [:]

    /// - Returns: `nil` when libssl makes none.
    init?(_ settings: TLSSettings, securityLevel: CInt) {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { SSL_CTX_free(context) }
        SSL_CTX_set_security_level(context, securityLevel)
        // Always both, so that a change of versions changes no number.
        guard reprise_ctx_set_min_version(context, TLS1_2_VERSION) == 1,
            reprise_ctx_set_max_version(context, TLS1_3_VERSION) == 1,
            reprise_ctx_set_groups(context, settings.groups) == 1,
            settings.signatureAlgorithms.map({ reprise_ctx_set_signature_algorithms(context, $0) == 1 }) ?? true,
            let bytes = Self.written(under: context)
        else { return nil }
        guard bytes.withUnsafeBufferPointer({ read($0) }) else { return nil }
    }

    /// The 16-bit numbers of an extension that is a list of them.
    func numbers(in type: CInt) -> [UInt16] {
        (extensions[type] ?? []).withUnsafeBufferPointer { bytes in
            var reader = ByteReader(bytes)
            guard var list = reader.vector16() else { return [] }
            var numbers: [UInt16] = []
            while let number = list.number16() { numbers.append(number) }
            return numbers
        }
    }

    private static func written(under context: OpaquePointer) -> [UInt8]? {
        guard let ssl = SSL_new(context) else { return nil }
        defer { SSL_free(ssl) }
        guard let input = BIO_new(BIO_s_mem()) else { return nil }
        guard let output = BIO_new(BIO_s_mem()) else {
            BIO_free(input)
            return nil
        }
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        SSL_do_handshake(ssl)
        var data: UnsafeMutablePointer<CChar>?
        let count = reprise_bio_mem_data(output, &data)
        guard let data, count > 0 else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }

    /// Reads a hello in one record (RFC 8446 §4.1.2, §5.1).
    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let (record, message, random) = (5, 4, 2 + 32)
        guard bytes.count > record + message + random, bytes[record] == UInt8(SSL3_MT_CLIENT_HELLO) else {
            return false
        }
        var reader = ByteReader(UnsafeBufferPointer(rebasing: bytes.dropFirst(record + message + random)))
        guard reader.vector8() != nil, reader.vector16() != nil, reader.vector8() != nil, var all = reader.vector16()
        else { return false }
        while let type = all.number16(), let body = all.vector16() { extensions[CInt(type)] = Array(body.rest) }
        return true
    }
}
