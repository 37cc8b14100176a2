package import RepriseVocabulary

/// Why a listener's or a host's context cannot be built.
package enum ContextError: Error, Sendable, Hashable {
    case noHosts
    case noCertificate(host: String)
    case hostTwice(id: String)
    case nameTwice(NamePattern, first: String, second: String)
    /// libssl keeps one certificate of each family in a context.
    case familyTwice(host: String, family: String)
    /// Most often a key or a digest that the security level forbids.
    case certificateRefused(host: String, subject: String, errors: [OpenSSLError])
    /// libssl does not take that part; ``TLSSettings/faults()`` says which item.
    case settingRefused(TLSSettingsPart, errors: [OpenSSLError])
    /// Empty, or longer than an ALPN protocol's name can be.
    case badApplicationProtocol(String)
    /// We cannot speak TLS to the upstream, with what a ``ClientError`` says of it.
    case upstream(String)
    case internalFault([OpenSSLError])
}

extension ContextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noHosts: "a listener needs at least one host"
        case .noCertificate(let host): "host '\(host)' has no certificate"
        case .hostTwice(let id): "two hosts have the id '\(id)'"
        case .nameTwice(let name, let first, let second):
            "'\(name)' is named by host '\(first)' and by host '\(second)'"
        case .familyTwice(let host, let family):
            "host '\(host)' has two \(family) certificates: one of each kind of key can be served"
        case .certificateRefused(let host, let subject, let errors):
            "host '\(host)': libssl refuses the certificate \(subject): \(errors.summary)"
        case .settingRefused(let part, let errors): "libssl refuses \(part.rawValue): \(errors.summary)"
        case .badApplicationProtocol(let name):
            "the application protocol '\(name)' must have 1 to \(TLSLimits.protocolNameBytes) bytes"
        case .upstream(let detail): "TLS to the upstream: \(detail)"
        case .internalFault(let errors): "libssl failed: \(errors.summary)"
        }
    }
}
