/// A ClientHello put together by hand, for what no library would send.
package struct MemoryHello {
    /// legacy_version (RFC 8446 §4.1.2).
    package var version: UInt16 = 0x0303
    package var ciphers: [UInt16] = [0xc02b, 0xc02f, 0xc02c, 0xc030]
    /// legacy_compression_methods: 0 is none, 1 is DEFLATE (RFC 3749).
    package var compressions: [UInt8] = [0]
    /// legacy_session_id; more than 32 bytes are against the protocol.
    package var sessionID: [UInt8] = []
    /// How much of the message one record carries.
    package var recordBytes = 16 << 10
    /// By number, in their order.
    package var extensions: [(type: UInt16, body: [UInt8])] = []

    /// A TLS 1.2 hello that our ECDSA certificates can answer, with more extensions behind.
    package init(adding more: [(type: UInt16, body: [UInt8])] = []) {
        extensions = [
            (10, [0, 4, 0, 29, 0, 23]),  // supported_groups: X25519, P-256
            (11, [1, 0]),  // ec_point_formats: uncompressed
            (13, [0, 4, 4, 3, 8, 4]),  // signature_algorithms: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256
        ]
        extensions += more
    }

    /// A TLS 1.3 hello, with more extensions behind.
    ///
    /// - Parameter share: the X25519 key share; without one the server must ask for it (RFC 8446 §4.1.4).
    package static func tls1_3(share: [UInt8]?, adding more: [(type: UInt16, body: [UInt8])] = []) -> MemoryHello {
        let entry = share.map { [0, 29] + vector16($0) } ?? []
        var hello = MemoryHello(adding: [(43, [2, 3, 4]), (51, vector16(entry))] + more)
        hello.ciphers = [0x1301]
        return hello
    }

    /// A TLS 1.3 hello with a pre-shared key for each identity, and a binder for each that is not right.
    package static func offering(_ identities: [[UInt8]]) -> MemoryHello {
        let keys: [UInt8] = identities.flatMap { (identity: [UInt8]) -> [UInt8] in
            vector16(identity) + [0, 0, 0, 0]
        }
        let binders: [UInt8] = identities.flatMap { _ -> [UInt8] in [32] + [UInt8](repeating: 7, count: 32) }
        return tls1_3(
            share: [UInt8](repeating: 9, count: 32),
            adding: [
                (0, serverName(Array("a.test".utf8))), (45, [1, 1]), (41, vector16(keys) + vector16(binders)),
            ])
    }

    /// The server_name extension's body for names of type host_name.
    package static func serverName(_ names: [UInt8]...) -> [UInt8] {
        let list: [UInt8] = names.flatMap { (name: [UInt8]) -> [UInt8] in [0] + vector16(name) }
        return vector16(list)
    }

    /// The handshake message, in records of ``recordBytes``.
    package var records: [UInt8] {
        let random = [UInt8](repeating: 0x42, count: 32)
        let suites: [UInt8] = ciphers.flatMap(Self.number16)
        let list: [UInt8] = extensions.flatMap { Self.number16($0.type) + Self.vector16($0.body) }
        var body = Self.number16(version) + random + [UInt8(sessionID.count)] + sessionID
        body += Self.vector16(suites) + [UInt8(compressions.count)] + compressions + Self.vector16(list)
        let message = [1, UInt8(body.count >> 16)] + Self.number16(UInt16(body.count & 0xffff)) + body
        var records: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: recordBytes) {
            records += [22, 3, 1] + Self.vector16(Array(message[start...].prefix(recordBytes)))
        }
        return records
    }

    private static func number16(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(number & 0xff)]
    }

    /// The bytes behind two bytes of length; a body of 64 KiB and more is cut off.
    package static func vector16(_ bytes: [UInt8]) -> [UInt8] {
        let count = min(bytes.count, 0xffff)
        return [UInt8(count >> 8), UInt8(count & 0xff)] + bytes.prefix(count)
    }
}
