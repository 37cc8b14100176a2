package import RepriseVocabulary

/// One listener: where clients connect, how they are treated, and where they go.
package struct ListenerPlan: Sendable, Hashable {
    package var name: String
    package var bind: [Located<Endpoint>]
    package var timeouts: Timeouts
    package var limits: Limits
    package var sessions: SessionsPlan
    package var tls: TLSPlan
    /// The upstream group's name.
    package var upstream: String

    /// How long a connection may take for each part of its life.
    package struct Timeouts: Sendable, Hashable {
        package var handshake = Duration.seconds(10)
        package var connect = Duration.seconds(5)
        package var idle = Duration.seconds(300)
        package var halfClosed = Duration.seconds(30)
        package var shutdown = Duration.seconds(2)
    }

    /// How much the listener takes on.
    package struct Limits: Sendable {
        package var connections = 20_000
        /// Where the file says so; `nil` for the default.
        package var connectionsSource: Source?
        package var handshakes = 1000
        /// `nil` for half of ``handshakes``.
        package var handshakesPerClient: Int?
        /// In a second; 0 for no limit.
        package var handshakeRate = 0
        package var perClient = 0
        package var relayBuffer = ByteCount(64 << 10)
        /// In a second; 0 for no limit.
        package var keyUpdates = 100
    }
}

/// How a listener speaks TLS.
package struct TLSPlan: Sendable, Hashable {
    /// A profile of Mozilla's guideline.
    package enum Profile: String, Sendable { case modern, intermediate, old }
    /// What a name that no host has gets.
    package enum UnknownNames: String, Sendable { case `default`, reject }

    /// Where the block stands.
    package var source: Source
    package var profile = Profile.intermediate
    package var minimumVersion: Located<String>?
    package var maximumVersion: Located<String>?
    package var ciphers: Located<String>?
    package var ciphersuites: Located<String>?
    package var groups: Located<String>?
    package var signatureAlgorithms: Located<String>?
    package var alpn: [String] = []
    package var unknownNames = UnknownNames.default
    package var hosts: [HostPlan] = []

    package static func == (left: TLSPlan, right: TLSPlan) -> Bool {
        left.profile == right.profile && left.minimumVersion == right.minimumVersion
            && left.maximumVersion == right.maximumVersion && left.ciphers == right.ciphers
            && left.ciphersuites == right.ciphersuites && left.groups == right.groups
            && left.signatureAlgorithms == right.signatureAlgorithms && left.alpn == right.alpn
            && left.unknownNames == right.unknownNames && left.hosts == right.hosts
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hosts) }
}

/// One virtual host.
package struct HostPlan: Sendable, Hashable {
    package var id: String
    package var names: [NamePattern]
    package var certificates: [CertificatePlan]
    package var clients: ClientAuthenticationPlan?
}

/// What a host demands of its clients' certificates.
package struct ClientAuthenticationPlan: Sendable, Hashable {
    /// Whether a client without one is served.
    package enum Mode: String, Sendable { case request, require }

    /// Where the block stands; it tells one block from another.
    package var source: Source
    package var mode: Mode
    package var authorities: FileReference
    package var revocations: FileReference?
    package var depth: Int?
    package var names: [Located<String>]

    package static func == (left: Self, right: Self) -> Bool {
        left.mode == right.mode && left.authorities == right.authorities && left.revocations == right.revocations
            && left.depth == right.depth && left.names == right.names
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(authorities) }
}

/// One certificate with its key, in files.
package struct CertificatePlan: Sendable, Hashable {
    /// Where the block stands; it tells one block from another.
    package var source: Source
    package var chain: FileReference
    package var key: FileReference
    package var passphraseFile: FileReference?
    package var ocsp: FileReference?

    package static func == (left: CertificatePlan, right: CertificatePlan) -> Bool {
        left.chain == right.chain && left.key == right.key && left.passphraseFile == right.passphraseFile
            && left.ocsp == right.ocsp
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(chain) }
}

extension ListenerPlan.Limits: Hashable {
    /// Whatever the place in the file.
    package static func == (left: Self, right: Self) -> Bool {
        left.connections == right.connections && left.handshakes == right.handshakes
            && left.handshakesPerClient == right.handshakesPerClient && left.handshakeRate == right.handshakeRate
            && left.perClient == right.perClient && left.relayBuffer == right.relayBuffer
            && left.keyUpdates == right.keyUpdates
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(connections) }
}
