import CRepriseOpenSSL

/// What the ticket key callback answers with.
enum TicketKeys {
    private static let encryption = [UInt8](repeating: 1, count: 32)
    private static let authentication = [UInt8](repeating: 2, count: 32)

    /// Sets up libssl's cipher and MAC with a key of this name.
    static func prepare(_ key: Context.Key, name: UInt8 = 1) {
        if key.isSealing {
            for index in 0..<16 { key.name[index] = name }
            for index in 0..<Int(EVP_MAX_IV_LENGTH) { key.vector[index] = 3 }
        }
        EVP_CipherInit_ex(key.cipher, EVP_aes_256_cbc(), nil, encryption, key.vector, key.isSealing ? 1 : 0)
        _ = reprise_mac_use_key(key.mac, authentication, authentication.count)
    }

    /// Gives a server keys that all servers have.
    static func share(with server: Context) {
        server.ticketKey = { key in
            prepare(key)
            return 1
        }
    }
}
