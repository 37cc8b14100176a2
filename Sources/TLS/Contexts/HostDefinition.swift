package import RepriseVocabulary

/// One host of a listener, before its context is built.
package struct HostDefinition: Sendable {
    /// What it is known by; sessions are bound to it (design decision D6).
    package let id: String
    package let names: [NamePattern]
    /// One for each family of keys; libssl picks by what the client can verify.
    package let certificates: [ServerCertificate]
    /// What is demanded of clients' certificates; `nil`: none is asked for.
    package let clients: ClientAuthentication?

    package init(
        id: String, names: [NamePattern], certificates: [ServerCertificate], clients: ClientAuthentication? = nil
    ) {
        self.id = id
        self.names = names
        self.certificates = certificates
        self.clients = clients
    }
}
