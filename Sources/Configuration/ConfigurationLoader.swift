/// The result of reading a configuration.
package struct LoadedConfiguration: Sendable {
    /// The plan, when there is no fault.
    package let plan: Plan?
    /// In the order of the file.
    package let faults: [Fault]
    package let warnings: [Fault]
    /// Every certificate block that could be read, also beside faults, so that its files can be checked in the same
    /// run.
    package let certificates: [CertificatePlan]
    /// The sessions of every listener, as far as they could be read: so that the ticket keys that they name can be
    /// checked, too.
    package let sessions: [SessionsPlan]
    /// Every listener's TLS block, likewise.
    package let tls: [TLSPlan]
    /// Every block of TLS towards servers, likewise.
    package let upstreamTLS: [UpstreamTLSPlan]
    /// The log's settings, likewise: faults can be told in the format that is asked for.
    package let log: LogPlan
}

/// Reads configurations: YAML to a tree, the tree against the shape, then to a plan. It opens no file.
package enum ConfigurationLoader {
    /// The largest configuration that it reads.
    package static let maximumBytes = 16 << 20

    /// Reads a configuration and collects everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - file: the file's name, for messages.
    ///   - directory: what relative paths in it are relative to.
    ///   - environment: the variables for `${NAME}`.
    ///   - pluggedRouters: the names of the routers that the program brings.
    package static func load(
        bytes: [UInt8], file: String, directory: String, environment: [String: String],
        pluggedRouters: Set<String> = []
    ) -> LoadedConfiguration {
        guard bytes.count <= maximumBytes else {
            return failed(file, "expected at most \(maximumBytes >> 20) MiB, found \(bytes.count) bytes")
        }
        do throws(SourceText.TextError) {
            return load(
                text: try SourceText.decode(bytes), file: file, directory: directory, environment: environment,
                pluggedRouters: pluggedRouters)
        } catch {
            return failed(file, error.message, at: error.place)
        }
    }

    private static func load(
        text: String, file: String, directory: String, environment: [String: String], pluggedRouters: Set<String>
    ) -> LoadedConfiguration {
        var composer = Composer(text: text, file: file)
        guard let root = composer.compose() else { return failed(composer.faults) }
        var substitution = Substitution(file: file, environment: environment)
        let tree = substitution.apply(to: root)
        // One mistake is one fault: later checks skip values that have one.
        var check = ShapeCheck(file: file, damaged: composer.damaged.union(substitution.faults.map(\.source.path)))
        check.check(tree)
        let known = composer.faults + substitution.faults + check.faults
        var reader = PlanReader(pluggedRouters: pluggedRouters)
        reader.read(
            Reader(
                node: tree, path: "", file: file, damaged: Set(known.map(\.source.path)), directory: directory))
        let faults = Set(known + reader.faults).sorted()
        return LoadedConfiguration(
            plan: faults.isEmpty ? reader.plan : nil, faults: faults,
            warnings: Set(check.warnings + reader.warnings).sorted(),
            certificates: reader.plan.listeners.flatMap { $0.tls.hosts.flatMap(\.certificates) },
            sessions: reader.plan.listeners.map(\.sessions),
            tls: reader.plan.listeners.map(\.tls),
            upstreamTLS: reader.plan.upstreams.flatMap { [$0.tls] + $0.servers.map(\.tls) }.compactMap(\.self)
                + reader.plan.encryptedRoutes.map(\.tls),
            log: reader.plan.log)
    }

    private static func failed(
        _ file: String, _ message: String, at place: TextPosition = TextPosition()
    ) -> LoadedConfiguration {
        let source = Source(file: file, line: place.line, column: place.column, path: "")
        return failed([Fault(source: source, message: message)])
    }

    private static func failed(_ faults: [Fault]) -> LoadedConfiguration {
        LoadedConfiguration(
            plan: nil, faults: faults, warnings: [], certificates: [], sessions: [], tls: [], upstreamTLS: [],
            log: LogPlan())
    }
}
