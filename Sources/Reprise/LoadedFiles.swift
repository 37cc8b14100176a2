internal import RepriseConfiguration
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// Everything the plan names that lies in files or in libssl: loaded, checked, with every fault at its place.
struct LoadedFiles: Sendable {
    /// The loaded certificates by the place of their block in the configuration.
    private(set) var certificates: [Source: LoadedCertificate] = [:]
    /// The hosts' contexts by the listener's name; all of them when there is no fault.
    private(set) var hosts: [String: HostContexts] = [:]
    /// Ticket keys that come from files, by session domain.
    private(set) var ticketKeys: [String: [TicketKey]] = [:]
    /// The state of those files before they were read.
    private(set) var ticketKeyStamps: [String: [FileStamp?]] = [:]
    /// What hosts demand of their clients, by the place of the block.
    private(set) var clients: [Source: ClientAuthentication] = [:]
    /// What servers are spoken TLS to by, by the place of the block.
    private(set) var upstreamTLS: [Source: LoadedUpstreamTLS] = [:]
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []
    /// The states of certificates, keys, authorities and revocation lists before they were read, by their paths.
    private(set) var stamps: [String: FileStamp?] = [:]
    private let files: ConfigurationSource

    /// A certificate that is ready for use, and where it came from.
    struct LoadedCertificate: Sendable {
        let certificate: ServerCertificate
        let chain: FileReference
        /// The file of the OCSP response that is stapled to it.
        let ocsp: FileReference?
        /// The state of that file before it was read.
        let ocspStamp: FileStamp?
    }

    /// A block of TLS towards servers, ready for use.
    struct LoadedUpstreamTLS: Sendable {
        let context: ClientContext
        /// What sessions under it are bound to.
        let policy: [UInt8]
    }

    /// Loads what the configuration refers to.
    ///
    /// - Parameters:
    ///   - now: the time by which to judge validity.
    ///   - files: gives the files.
    init(
        _ loaded: LoadedConfiguration, at now: WallTime,
        from files: ConfigurationSource
    ) {
        self.files = files
        load(loaded.certificates, at: now)
        for tls in loaded.tls {
            check(tls)
            for host in tls.hosts {
                warnOfUncoveredNames(host)
                if let plan = host.clients { load(plan, at: now) }
            }
        }
        for tls in loaded.upstreamTLS { load(tls, at: now) }
        loadTicketKeys(loaded, at: now)
        guard faults.isEmpty, let plan = loaded.plan else { return }
        for listener in plan.listeners { buildHosts(of: listener) }
    }

    /// Only this shows libssl's objections, such as a key that is too small for the security level.
    private mutating func buildHosts(of listener: ListenerPlan) {
        let definitions = listener.tls.hosts.map { host in
            HostDefinition(
                id: host.id, names: host.names,
                certificates: host.certificates.compactMap { certificates[$0.source]?.certificate },
                clients: host.clients.flatMap { clients[$0.source] })
        }
        do {
            let settings = ListenerTLSSettings(listener)
            hosts[listener.name] = try HostContexts(hosts: definitions, settings: settings, spread: Spread.over)
        } catch {
            faults.append(Fault(source: listener.tls.source, message: "\(error)"))
        }
    }

    /// Reads certificates on all processors: thousands of them would hold up a start for seconds.
    private mutating func load(_ plans: [CertificatePlan], at now: WallTime) {
        for plan in plans {
            for file in [plan.chain, plan.key, plan.passphraseFile] { if let file { noteStamp(file.path) } }
        }
        let files = files
        let read = Locked<[ReadCertificate?]>(Array(repeating: nil, count: plans.count))
        Spread.over(plans.count) { take in
            let reading = CertificateReading()
            while let range = take() {
                let part = range.map { ReadCertificate(plans[$0], at: now, from: files, reading) }
                read.withLock { $0.replaceSubrange(range, with: part) }
            }
        }
        for (plan, read) in zip(plans, read.withLock { $0 }) {
            guard let read else { continue }
            certificates[plan.source] = read.certificate
            faults += read.faults
            warnings += read.warnings
        }
    }

    /// Names that a client asks for and then refuses the certificate of.
    private mutating func warnOfUncoveredNames(_ host: HostPlan) {
        let loaded = host.certificates.compactMap { certificates[$0.source] }
        guard !loaded.isEmpty, loaded.count == host.certificates.count else { return }
        let uncovered = host.names.filter { name in !loaded.contains { $0.certificate.covers(name) } }
        guard !uncovered.isEmpty, let source = host.certificates.first?.chain.source else { return }
        let names = uncovered.map(\.description).joined(separator: ", ")
        warnings.append(
            Fault(
                source: source,
                message:
                    "\(loaded[0].chain.shownPath): no certificate of the host \(host.id) covers \(names): clients that ask "
                    + "for that refuse it"))
    }

    private mutating func load(_ plan: ClientAuthenticationPlan, at now: WallTime) {
        var names: [CertificateName] = []
        for name in plan.names {
            if let parsed = CertificateName(name.value) {
                names.append(parsed)
            } else {
                faults.append(
                    Fault(
                        source: name.source,
                        message: "expected a host name, a \"*.\" pattern or a mail address, found \"\(name.value)\""))
            }
        }
        let authorities = read(plan.authorities)
        let revocations = plan.revocations.flatMap { file in read(file) }
        guard let authorities, plan.revocations == nil || revocations != nil else { return }
        do throws(ClientAuthenticationError) {
            let demands = try ClientAuthentication(
                mode: plan.mode == .require ? .require : .request, authoritiesPEM: authorities,
                revocationPEM: revocations, depth: plan.depth, names: names, sendsNames: plan.sendsNames)
            clients[plan.source] = demands
            for warning in demands.warnings(at: now) {
                let file = warning.isAboutLists ? plan.revocations ?? plan.authorities : plan.authorities
                warnings.append(Fault(source: file.source, message: "\(file.shownPath): \(warning)"))
            }
        } catch {
            let file = if case .authorities = error { plan.authorities } else { plan.revocations ?? plan.authorities }
            faults.append(Fault(source: file.source, message: "\(file.path): \(error)"))
        }
    }

    private mutating func load(_ plan: UpstreamTLSPlan, at now: WallTime) {
        let before = faults.count
        check(plan)
        if let shown = plan.shown { load([shown], at: now) }
        let trust = trust(of: plan)
        guard faults.count == before, let trust else { return }
        var settings = ClientSettings(tls: TLSSettings(plan), trust: trust)
        (settings.alpn, settings.securityLevel) = (plan.alpn, plan.securityLevel)
        settings.certificate = plan.shown.flatMap { certificates[$0.source]?.certificate }
        do throws(ClientError) {
            upstreamTLS[plan.source] = LoadedUpstreamTLS(
                context: try ClientContext(settings), policy: settings.fingerprint)
        } catch {
            let file = if case .certificateRefused = error { plan.certificate } else { nil as FileReference? }
            faults.append(
                Fault(source: file?.source ?? plan.source, message: "\(file.map { "\($0.shownPath): " } ?? "")\(error)")
            )
        }
    }

    private mutating func trust(of plan: UpstreamTLSPlan) -> ClientSettings.Trust? {
        guard plan.verification == .required else { return .anybody }
        // That lists need a `ca` has been said.
        guard plan.revocations == nil || plan.authorities != nil else { return nil }
        if plan.authorities == nil { for path in ServerTrust.systemPaths { noteStamp(path) } }
        let authorities = plan.authorities.flatMap { file in read(file) }
        let revocations = plan.revocations.flatMap { file in read(file) }
        guard plan.authorities == nil || authorities != nil, plan.revocations == nil || revocations != nil else {
            return nil
        }
        do throws(ClientAuthenticationError) {
            return .checked(
                try ServerTrust(authoritiesPEM: authorities, revocationPEM: revocations, depth: plan.depth))
        } catch {
            let file = if case .authorities = error { plan.authorities } else { plan.revocations ?? plan.authorities }
            guard let file else { return nil }
            faults.append(Fault(source: file.source, message: "\(file.shownPath): \(error)"))
            return nil
        }
    }

    private mutating func loadTicketKeys(_ loaded: LoadedConfiguration, at now: WallTime) {
        for (name, sessions) in Dictionary(grouping: loaded.sessions, by: \.domain) {
            guard let first = sessions.first else { continue }
            do throws(TicketRotationFault) {
                let rotation = try SessionDomains.rotation(sessions)
                if !first.tickets.keys.isEmpty { loadKeys(first.tickets.keys, of: name, rotation, at: now) }
            } catch {
                let source = first.tickets.rotatePlace.source ?? loaded.tls.first?.source
                if let source { faults.append(Fault(source: source, message: "\(error)")) }
            }
        }
    }

    private mutating func loadKeys(
        _ references: [FileReference], of domain: String, _ rotation: TicketRotation, at now: WallTime
    ) {
        ticketKeyStamps[domain] = references.map { files.stamp($0.path) }
        do throws(TicketKeyLoading.LoadingError) {
            let (keys, notes) = try TicketKeyLoading.keys(
                of: references, ticketLifetime: rotation.ticketLifetime, at: now, from: files)
            ticketKeys[domain] = keys
            for note in notes {
                warnings.append(Fault(source: note.file.source, message: "\(note.file.path): \(note.text)"))
            }
        } catch {
            guard let file = error.file ?? references.first else { return }
            faults.append(Fault(source: file.source, message: "\(file.path): \(error)"))
        }
    }

    /// Of a file that is read twice, the state before the first time: a change in between is one.
    private mutating func noteStamp(_ path: String) {
        if !stamps.keys.contains(path) { stamps[path] = .some(files.stamp(path)) }
    }

    private mutating func read(_ file: FileReference) -> [UInt8]? {
        noteStamp(file.path)
        do {
            return try files.readFile(file.path)
        } catch {
            faults.append(Fault(source: file.source, message: "\(file.shownPath): cannot be read: \(error)"))
            return nil
        }
    }

    private mutating func check(_ plan: some TLSWords) {
        for fault in TLSSettings(plan).faults() {
            faults.append(Fault(source: plan.source(of: fault.part), message: fault.message))
        }
    }
}
