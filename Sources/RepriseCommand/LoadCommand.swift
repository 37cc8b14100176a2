import ArgumentParser
import Reprise
import RepriseLoad

/// `reprise load URL`
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a TLS server under load: full and resumed handshakes, requests, and every kind of ending.",
        discussion: """
            Each client has one connection after the other (closed loop); with --rate, connections begin when they are due, \
            and times count from then (open loop). Certificates are verified unless --insecure.

            What is for people goes to standard error, --json alone to standard output. Ctrl-C ends a run with its report. \
            Exit codes: 0 all went well; 1 no connection came to its end; 2 the system refused; 3 an assertion failed; 64 \
            the command line is wrong.
            """)

    @Argument(help: "tls://host:port or https://host[:port][/path].", transform: LoadTarget.init(parsing:))
    var target: LoadTarget

    @OptionGroup(title: "What a connection does") var what: LoadWhat
    @OptionGroup(title: "TLS") var tls: LoadTLS
    @OptionGroup(title: "How hard") var hard: LoadHard
    @OptionGroup(title: "Output") var output: LoadOutput

    func run() throws {
        let report: LoadReport
        do throws(LoadFault) {
            report = try measure()
            if output.json { try write(report) }
        } catch {
            guard error.kind == .words else {
                Terminal.complain("reprise: \(error)")
                throw ExitCode(Program.ExitCode.cannotStart)
            }
            Terminal.complain("Error: \(error)\n  See 'reprise load --help' for more information.")
            throw ExitCode.validationFailure
        }
        for verdict in report.assertions where !verdict.holds {
            Terminal.complain("assertion failed: \(verdict.text)")
        }
        if report.assertions.contains(where: { !$0.holds }) { throw ExitCode(LoadExitCode.assertionFailed) }
        if report.summary.done == 0, report.summary.failed > 0 { throw ExitCode(LoadExitCode.nothingDone) }
    }

    private func measure() throws(LoadFault) -> LoadReport {
        let options = try options()
        let plan = try options.plan()
        let counts: ServerCounts? = if let url = output.serverMetrics { try ServerCounts(url) } else { nil }
        let isQuiet = output.quiet
        let conductor = try LoadConductor(plan, options.script()) { news in
            if !isQuiet { Terminal.complain(LoadLine(news).text) }
        }
        var report = try conductor.perform()
        report.reprise = Versions.reprise
        report.command = ["reprise"] + Terminal.arguments
        report.target = target.description
        if let counts { report.server = try counts.changes() }
        return report
    }

    private func write(_ report: LoadReport) throws(LoadFault) {
        do {
            try Terminal.write(try report.json())
        } catch {
            throw LoadFault(.system, "the report cannot be written: \(error)")
        }
    }

    private func options() throws(LoadFault) -> LoadOptions {
        var options = LoadOptions(target)
        what.fill(&options)
        if let file = what.sniFile { options.names += try LoadOptions.names(ofFile: file) }
        tls.fill(&options.tls)
        hard.fill(&options)
        options.assertions = output.assert
        return options
    }
}

/// How `reprise load` ends where others do not.
enum LoadExitCode {
    /// No connection came to its end.
    static let nothingDone: Int32 = 1
    static let assertionFailed: Int32 = 3
}

extension LoadWhat {
    fileprivate func fill(_ options: inout LoadOptions) {
        (options.handshake, options.resume) = (handshake, resume)
        if let session { options.choice = session }
        options.lifetime = sessionLifetime
        options.names = sni ?? []
        if let sniMix { options.nameChoice = sniMix }
        (options.header, options.peers, options.sources) = (proxyProtocol, peer, source)
        (options.requests, options.fields) = (requests, header)
        (options.pause, options.idle) = (pause ?? .zero, idle ?? .zero)
        (options.up, options.down) = (up, down)
        if let close { options.close = close }
        options.timeout = timeout
    }
}

extension LoadTLS {
    fileprivate func fill(_ options: inout LoadTLSOptions) {
        options.versionWord = tls
        (options.ciphers, options.ciphersuites, options.groups) = (ciphers, ciphersuites, groups)
        (options.signatureAlgorithms, options.securityLevel) = (signatureAlgorithms, securityLevel)
        options.alpn = alpn?.split(separator: ",").map(String.init) ?? []
        (options.isInsecure, options.authorities) = (insecure, ca)
        (options.certificate, options.key) = (cert, key)
    }
}

extension LoadHard {
    fileprivate func fill(_ options: inout LoadOptions) {
        (options.connections, options.rate, options.ramp) = (connections, rate, ramp)
        (options.arrivals, options.search, options.step) = (arrivals, findLimit, step)
        (options.duration, options.count) = (duration, count)
        if let threads { options.threads = threads }
        options.seed = seed
        options.events = at
    }
}
