internal import RepriseTLS

extension TicketKey {
    /// The part that libcrypto is handed.
    var secrets: TicketSecrets {
        name.withBytes { TicketSecrets(name: $0, encryption: aes, authentication: hmac) }
    }
}
