extension HandshakeFailure.Kind {
    /// What an operator can do about the cause, in Markdown.
    public var advice: String? {
        switch self {
        case .plainHTTP: "Give the client an `https` URL; plain HTTP needs another server at another port."
        case .notTLS: "See which program connects to this port."
        case .unsupportedVersion:
            "Update the client, or allow older versions with `tls.minimum_version` or `tls.profile`."
        case .noSharedCipher:
            "Compare the client's ciphers with `tls.ciphers`, and see that a certificate has a key that they serve."
        case .noSharedGroup: "Compare the client's groups with `tls.groups`."
        case .noSharedSignatureAlgorithm:
            "Serve a certificate with another kind of key or signature, such as ECDSA beside RSA."
        case .noSharedApplicationProtocol: "Compare what the client offers with `tls.alpn`."
        case .unknownName: "Add the name to a host's `names`, or correct the client's DNS name."
        case .inappropriateFallback:
            "Look for what broke the client's first attempt with a newer version, such as a middlebox."
        case .malformed, .unexpectedMessage:
            "Look at the client and what is between: a defect, a scanner or an attack. `detail` has libssl's words."
        case .badRecord: "If it comes again and again, look for a network device that changes bytes."
        case .badCertificate: "`detail` has the verification's words; give the client a certificate that holds."
        case .certificateRequired: "Give the client a certificate, or set `client_auth.mode: request`."
        case .certificateExpired: "Renew the client's certificate, and compare both clocks."
        case .certificateRevoked: "Nothing, if it was wanted; otherwise give the client a new certificate."
        case .crlExpired: "Fetch the authority's new list into the file of `crl`, and see what should have."
        case .crlMissing: "Add the list of every authority of the chain to `crl`."
        case .unknownAuthority:
            "Add the authority to `ca`, or have the intermediate certificates sent."
        case .otherCertificateName: "Compare `client_names` in the log with `client_auth.names`."
        case .alertReceived:
            "The alert's name says what the client refused: for `unknown_ca` or `bad_certificate`, send the chain that it trusts."
        case .timeout: "If honest clients are slow, raise `timeouts.handshake`; many at once are a flood."
        case .truncated, .clientReset:
            "If it is no scanner, look at the client: it gave up, or something between cut it off."
        case .stopped: "Nothing: clients that try again are served elsewhere, or after the restart."
        case .madeWay: "Raise `limits.handshakes` or `limits.handshakes_per_client` if these clients were honest."
        case .internalError:
            "`detail` has libssl's words; see that memory and descriptors suffice, and report it otherwise."
        case .resumptionDenied: "Nothing: the client's next attempt is a full handshake."
        case .resumptionDefect: "Report it with the log's lines around it; the client was not let in."
        case .helloTooLarge: "Look at the client: no usual one sends as much."
        case .probe: "Nothing; `log.probes: off` leaves the lines out."
        case .refusedByRouter: "Nothing, if the router was meant to; otherwise ask the router."
        case .proxyHeaderUnexpected:
            "Set `proxy_protocol` and `trusted_proxies`, or have the balancer send no header, or only one."
        case .proxyHeaderUntrusted:
            "Add the balancer's address, which `client` has in the log, to `trusted_proxies`; if it is none, somebody tries to pass for another client."
        case .proxyHeaderMissing:
            "Let the balancer send the header, or set `proxy_protocol: optional` while both kinds come."
        case .proxyHeaderMalformed: "Look at what the balancer sends: version 1 or 2, at most 16 KiB in all."
        case .proxyHeaderTimeout: "Look for what holds up the balancer, or raise `timeouts.proxy_header`."
        case .overLimit: "Raise the limit that `detail` names if the client was honest."
        }
    }
}

extension ResumptionRefusal {
    /// What an operator can do about the reason, in Markdown; `nil` where nothing is lost that could be kept.
    public var advice: String? {
        switch self {
        case .notFound:
            "Raise `sessions.cache.size` if `reprise_sessions_evicted_total` grows; several machines need tickets or one store."
        case .expired: "If clients come back later than that, raise `sessions.lifetime`."
        case .keyUnknown:
            "Give all machines the same `sessions.tickets.keys`; if keys leave too early, let them open for longer."
        case .forged: "A few are scanners; many point to machines whose keys have one name and different secrets."
        case .foreign:
            "Nothing, if another program shares the keys on purpose; otherwise give Reprise keys of its own."
        case .otherDomain:
            "Give listeners that are to share sessions the same `sessions.domain`, and others keys of their own."
        case .otherHost, .otherName: "Nothing: a client's next session at this name resumes here."
        case .policyChanged: "Nothing: after a change of `client_auth`, every client authenticates anew once."
        case .chainTooOld: "If clients shall authenticate less often, raise `sessions.max_chain_age`."
        case .certificateExpired: "Renew the client's certificate."
        case .certificateRevoked: "Nothing, if it was wanted; otherwise give the client a new certificate."
        case .revocationUnknown: "Fetch the authority's new list into the file of `client_auth.crl`."
        case .chainTooLong: "Give the client a shorter chain."
        case .spent: "Nothing: with `sessions.single_use` a client takes a new ticket from each connection."
        case .denied: "Nothing, if the ending was to do it; `sessions.endings` says which endings do."
        case .storeSilent: "See that the store's machine and network answer, or raise `sessions.store_deadline`."
        case .mismatch: "Nothing: the client offers other ciphers or versions than before."
        case .off: "Set `sessions.mode` if the listener shall resume."
        }
    }
}
