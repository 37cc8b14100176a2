package import RepriseVocabulary

/// One listener: where clients connect, how they are treated, and where they go.
package struct ListenerPlan: Sendable, Hashable {
    package var name = ""
    package var bind: [Located<Endpoint>] = []
    package var proxyProtocol = ProxyAcceptance()
    package var tcp = ListenerTCPPlan()
    package var timeouts = ConnectionTimeouts()
    package var limits = Limits()
    package var sessions = SessionsPlan()
    package var tls = TLSPlan()
    /// The name of the upstream group or the router that its connections go to.
    package var router = ""

    /// The limits of the listener.
    package struct Limits: Sendable, Hashable {
        package var admission = AdmissionLimits()
        /// The place of `connections` in the file.
        package var connectionsPlace = Place()
        package var relayBuffer = ByteCount(256 << 10)
        /// In a second; 0 for no limit.
        package var keyUpdates = 100
    }
}

/// What is spoken, as a listener and TLS towards servers say it: a profile, of which each part can be replaced.
package protocol TLSWords {
    var profile: TLSProfile { get set }
    var minimumVersion: Located<TLSVersion>? { get set }
    var maximumVersion: Located<TLSVersion>? { get set }
    var ciphers: Located<String>? { get set }
    var ciphersuites: Located<String>? { get set }
    var groups: Located<String>? { get set }
    var signatureAlgorithms: Located<String>? { get set }
    /// The place of the block in the file.
    var source: Source { get }
}

/// How a listener speaks TLS.
package struct TLSPlan: TLSWords, Sendable, Hashable {
    /// The answer to a name that no host has.
    package enum UnknownNames: String, Sendable, CaseIterable { case `default`, reject }

    var place = Place()
    package var profile = TLSProfile.intermediate
    package var minimumVersion: Located<TLSVersion>?
    package var maximumVersion: Located<TLSVersion>?
    package var ciphers: Located<String>?
    package var ciphersuites: Located<String>?
    package var groups: Located<String>?
    package var signatureAlgorithms: Located<String>?
    package var alpn: [String] = []
    package var unknownNames = UnknownNames.default
    /// How many bytes of an answer go in records that fit into one packet; 0 for none.
    package var shortRecords = ByteCount(16 << 10)
    package var hosts: [HostPlan] = []

    /// The place of the block in the file.
    package var source: Source { place.source ?? .nowhere }
}

/// One virtual host.
package struct HostPlan: Sendable, Hashable {
    /// Its id where the file gives one.
    var ownID: String?
    package var names: [NamePattern] = []
    package var certificates: [CertificatePlan] = []
    package var clients: ClientAuthenticationPlan?
    /// The name of an upstream group or a router, where it is not the listener's.
    package var router: String?

    package var id: String { ownID ?? names.first?.description ?? "" }
}

/// What a host demands of its clients' certificates.
package struct ClientAuthenticationPlan: Sendable, Hashable {
    /// Whether a client is asked for one, and whether one without is served.
    package enum Mode: String, Sendable, CaseIterable { case none, request, require }

    var place = Place()
    package var mode = Mode.none
    package var authorities = FileReference.none
    package var revocations: FileReference?
    package var depth: Int?
    package var names: [Located<String>] = []
    /// Whether clients are told the names of the authorities.
    package var sendsNames = true

    /// The place of the block in the file; it tells one block from another.
    package var source: Source { place.source ?? .nowhere }
}

/// One certificate with its key, in files.
package struct CertificatePlan: Sendable, Hashable {
    var place = Place()
    package var chain = FileReference.none
    package var key = FileReference.none
    package var passphraseFile: FileReference?
    package var ocsp: FileReference?

    /// The place of the block in the file; it tells one block from another.
    package var source: Source { place.source ?? .nowhere }
}
