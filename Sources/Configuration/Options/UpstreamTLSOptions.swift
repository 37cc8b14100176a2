internal import RepriseVocabulary

extension UpstreamTLSPlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }

    static var options: [Option<Self>] {
        [
            .value(
                "verify", \.verification, .choice,
                "required: a server whose certificate is not good gets no connections; none: anyone on the way can read and change everything."
            ),
            .optional(
                "ca", \.authorities, .file, defaultText: "the system's",
                "PEM file: certificates that servers' certificates must lead to."),
            .optional(
                "crl", \.revocations, .file,
                "PEM file: revocation lists, signed by authorities in `ca`; with it, every certificate of a chain must be covered by one."
            ),
            .optional("depth", \.depth, .integer(0...16), "How many intermediate certificates a chain may have."),
            .optional(
                "server_name", \.serverName, .located(.text), defaultText: "the server's name as written",
                "What servers are asked for (SNI): a name; client: what the client asks for; none."),
            .optional(
                "verify_name", \.verifiedName, .located(.text), defaultText: "what is asked for",
                "What servers' certificates must be for: a host name or an address."),
            .optional(
                "certificate", \.certificate, .file,
                "PEM file: what a server gets that asks for a certificate, then what signed it, and so on."),
            .optional("key", \.key, .file, "PEM file: that certificate's private key."),
            .optional(
                "passphrase_file", \.passphraseFile, .file, "File whose first line opens the key, if it is encrypted."),
        ] + words + [
            .optional(
                "security_level", \.securityLevel, .integer(0...5), defaultText: "the ciphers', or libssl's",
                "The least strength of keys and digests, as libssl counts it."),
            .list(
                "alpn", \.alpn, of: .applicationProtocol,
                "Application protocols in the order of preference; without any, ALPN is not spoken."),
            .value("sessions", \.resumes, .boolean, "Whether sessions are resumed."),
        ]
    }
}
