internal import RepriseVocabulary

extension OptionGroup where Self: TLSWords {
    /// The options of what is spoken, in the same words on either side.
    static var words: [Option<Self>] {
        let profiles = "the profile's"
        return [
            .value(
                "profile", \.profile, .choice,
                "Mozilla's Server Side TLS guideline (6.0; old: 5.8); each part can be overridden below."),
            .optional(
                "minimum_version", \.minimumVersion, .located(.version), defaultText: profiles,
                "The oldest version spoken."),
            .optional(
                "maximum_version", \.maximumVersion, .located(.version), defaultText: profiles,
                "The newest version spoken."),
            .optional(
                "ciphers", \.ciphers, .located(.text), defaultText: profiles,
                "Ciphers for TLS 1.2 and before: an OpenSSL cipher list, with @SECLEVEL if wanted."),
            .optional(
                "ciphersuites", \.ciphersuites, .located(.text), defaultText: profiles, "Cipher suites of TLS 1.3."),
            .optional(
                "groups", \.groups, .located(.text), defaultText: profiles,
                "Key-exchange groups, such as \"X25519:P-256\"."),
            .optional(
                "signature_algorithms", \.signatureAlgorithms, .located(.text), defaultText: "libssl's",
                "Signature algorithms, such as \"ECDSA+SHA256:RSA-PSS+SHA256\"."),
        ]
    }
}

extension TLSPlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }

    static var options: [Option<Self>] {
        words + [
            .list(
                "alpn", \.alpn, of: .applicationProtocol,
                "Application protocols in the order of preference; without any, ALPN is not spoken."),
            .value(
                "unknown_names", \.unknownNames, .choice,
                "A name that no host has: the first host's certificate, or the alert unrecognized_name."),
            .value(
                "short_records", \.shortRecords, .size(0...1 << 20),
                "How much of an answer goes in records of 1,343 bytes, of which each fits into a packet, so that clients read its start at once; what follows goes in records of up to 16 KiB. An answer begins with the connection, and after a second without a byte to the client. 0: none of it."
            ),
            .groups("hosts", \.hosts, "Virtual hosts; the first is the default."),
        ]
    }
}

extension HostPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .optional(
                "id", \.ownID, .name, defaultText: "the first name", "The host's id in logs; sessions are bound to it."),
            .list(
                "names", \.names, of: .hostName, atLeast: 1,
                "Names it answers to; \"*.\" stands for one label, and an exact name comes before it."),
            .groups(
                "certificates", \.certificates,
                "Certificates; ECDSA and RSA may stand side by side, the client's abilities choose."),
            .group("client_auth", \.clients, "Certificates of clients."),
            .optional(
                "router", \.router, .name, defaultText: "the listener's",
                "The upstream group or the router that this host's connections go to."),
        ]
    }
}

extension CertificatePlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }
    var isWhole: Bool { chain != .none && key != .none }

    static var options: [Option<Self>] {
        [
            .required(
                "chain", \.chain, .file, "PEM file: the certificate, then what signed it, and so on."),
            .required("key", \.key, .file, "PEM file: the certificate's private key."),
            .optional(
                "passphrase_file", \.passphraseFile, .file, "File whose first line opens the key, if it is encrypted."),
            .optional("ocsp", \.ocsp, .file, "DER file: an OCSP response to staple; read again when it changes."),
        ]
    }
}

extension ClientAuthenticationPlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }
    var isWhole: Bool { mode != .none && authorities != .none }

    static var options: [Option<Self>] {
        [
            .value(
                "mode", \.mode, .choice,
                "none asks for none; request serves a client without one, and refuses one with a bad one; require refuses both."
            ),
            .required(
                "ca", \.authorities, .file, always: false,
                "PEM file: certificates that clients' certificates must lead to."),
            .optional(
                "crl", \.revocations, .file,
                "PEM file: revocation lists, signed by authorities in `ca`; with it, every certificate of a chain must be covered by one."
            ),
            .optional("depth", \.depth, .integer(0...16), "How many intermediate certificates a chain may have."),
            .value(
                "send_ca_names", \.sendsNames, .boolean,
                "Whether clients are told the names of the authorities in `ca`, so that they can choose a certificate; names that do not fit into 60 KiB are never sent."
            ),
            .list(
                "names", \.names, of: .located(.text), atLeast: 1, required: false,
                "Names of which a certificate must have one in its subjectAltName: host names, \"*.\" patterns, mail addresses."
            ),
        ]
    }
}
