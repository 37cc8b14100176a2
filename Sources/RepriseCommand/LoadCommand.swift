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
            Exit codes: 0 all went well; 1 no connection came to its end, or a command of --at failed; 2 the system refused, or \
            had too few ports or descriptors; 3 an assertion failed; 64 the command line is wrong.
            """)

    @Argument(
        help: ArgumentHelp(
            "tls://host:port or https://host[:port][/path]; with --compare and --merge, files.", valueName: "target"))
    var words: [String] = []

    @OptionGroup(title: "What a connection does") var what: LoadWhat
    @OptionGroup(title: "TLS") var tls: LoadTLS
    @OptionGroup(title: "How hard") var hard: LoadHard
    @OptionGroup(title: "Output") var output: LoadOutput
    @OptionGroup(title: "Others") var modes: LoadModes

    func run() throws {
        do throws(LoadFault) {
            if let scenario = modes.scenario {
                try command(of: Scenario(scenario)).perform()
            } else {
                try perform()
            }
        } catch {
            let text = PlainText.clean(error.description)
            guard error.kind == .words else {
                Terminal.complain("reprise: \(text)")
                throw ExitCode(Program.ExitCode.cannotStart)
            }
            Terminal.complain("Error: \(text)\n  See 'reprise load --help' for more information.")
            throw ExitCode.validationFailure
        }
    }

    /// What a scenario's options and those of the command line make together; of an option that both have, ours counts.
    private func command(of scenario: Scenario) throws(LoadFault) -> LoadCommand {
        let options = try scenario.arguments(knowing: Self.optionNames)
        do {
            return try LoadCommand.parse(options + Terminal.arguments.dropFirst())
        } catch {
            throw LoadFault(.words, "\(scenario.name): \(LoadCommand.message(for: error))")
        }
    }

    /// Every option that a scenario may have.
    private static var optionNames: Set<String> {
        let groups: [any ParsableArguments] = [LoadWhat(), LoadTLS(), LoadHard(), LoadOutput()]
        let labels = groups.flatMap { group in Mirror(reflecting: group).children.compactMap(\.label) }
        return Set(
            labels.map { label in
                label.drop { $0 == "_" }.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
            })
    }

    private func perform() throws(LoadFault) {
        // Before libcrypto is used at all: a generator is to cost little beside the server.
        Program.prepareLibrary()
        if modes.compare { return try compare() }
        guard output.csv == nil || output.csv != output.html else {
            throw LoadFault(.words, "--csv and --html name the same file")
        }
        let run = modes.merge ? Run(report: try merged()) : try prepared()
        // Before the run: one that cannot be kept is found out now.
        let csv: OutputFile? = if let path = output.csv { try OutputFile(path) } else { nil }
        let html: OutputFile? = if let path = output.html { try OutputFile(path) } else { nil }
        var report = try run.perform()
        var faults: [LoadFault] = []
        // What one of them has to complain of costs none of the others.
        func attempt(_ body: () throws(LoadFault) -> Void) {
            do throws(LoadFault) { try body() } catch { faults.append(error) }
        }
        attempt { () throws(LoadFault) in report.server = try run.counts?.changes() ?? report.server }
        // What machines read goes first: nobody need be there who reads the table.
        attempt { () throws(LoadFault) in try csv?.write(Array(report.csv().utf8)) }
        attempt { () throws(LoadFault) in try html?.write(Array(report.page().utf8)) }
        if output.json { attempt { () throws(LoadFault) in try write(report) } }
        Terminal.complain(report.table(width: LoadTerminal.columns))
        leave(report, faults)
    }

    /// Ends the process with what the run has come to.
    private func leave(_ report: LoadReport, _ faults: [LoadFault]) {
        for fault in faults { Terminal.complain("reprise: \(PlainText.clean(fault.description))") }
        for verdict in report.assertions where !verdict.holds {
            Terminal.complain("assertion failed: \(PlainText.clean(verdict.text))")
        }
        let failed = report.events.filter { $0.status.map { $0 != 0 } ?? false }
        for event in failed {
            Terminal.complain(
                "command failed with exit code \(event.status ?? 0): \(PlainText.clean(event.command))")
        }
        let code: Int32 =
            if report.assertions.contains(where: { !$0.holds }) {
                LoadExitCode.assertionFailed
            } else if !faults.isEmpty || report.summary.failures[LoadFailure.localLimit.rawValue] != nil {
                Program.ExitCode.cannotStart
            } else if !failed.isEmpty || report.summary.done == 0 {
                // What was to happen did not: a run without it shows nothing.
                LoadExitCode.nothingShown
            } else {
                Program.ExitCode.success
            }
        if code != Program.ExitCode.success { LoadCommand.exit(withError: ExitCode(code)) }
    }

    private func target() throws(LoadFault) -> LoadTarget {
        guard words.count == 1 else {
            throw LoadFault(
                .words, words.isEmpty ? "no target: expected tls://host:port or https://host" : "more than one target")
        }
        do throws(ParseFault) {
            return try LoadTarget(parsing: words[0])
        } catch {
            throw LoadFault(.words, "\(error)")
        }
    }

    /// A run that can begin: its words are good, and its names have addresses.
    private func prepared() throws(LoadFault) -> Run {
        let target = try target()
        let options = try options(target)
        let plan = try options.plan()
        let counts: ServerCounts? = if let url = output.serverMetrics { try ServerCounts(url) } else { nil }
        let title = PlainText.clean(target.description)
        let terminal = LoadTerminal(output.view, LoadScreen(title, of: plan))
        let conductor = try LoadConductor(plan, options.script()) { terminal.take($0) }
        var report = LoadReport()
        report.reprise = Versions.reprise
        report.command = ["reprise"] + Terminal.arguments
        report.target = target.description
        report.settings = options.settings(plan)
        return Run(report: report, conductor: conductor, terminal: terminal, counts: counts)
    }

    /// What makes a report: a run, or reports that are there.
    private struct Run {
        /// With what is known before.
        let report: LoadReport
        var conductor: LoadConductor?
        var terminal: LoadTerminal?
        var counts: ServerCounts?

        func perform() throws(LoadFault) -> LoadReport {
            guard let conductor else { return report }
            terminal?.begin()
            defer { terminal?.end() }
            var whole = try conductor.perform()
            (whole.reprise, whole.command) = (report.reprise, report.command)
            (whole.target, whole.settings) = (report.target, report.settings)
            return whole
        }
    }

    private func reports() throws(LoadFault) -> [LoadReport] {
        try words.map { path throws(LoadFault) in try LoadReport(ofFile: path) }
    }

    private func merged() throws(LoadFault) -> LoadReport {
        let reports = try reports()
        var report: LoadReport
        do throws(LoadReport.MergeFault) {
            report = try LoadReport.merging(reports)
        } catch {
            throw LoadFault(.words, "--merge: \(error)")
        }
        if !output.assert.isEmpty { report.assertions = output.assert.map { report.verdict(on: $0) } }
        return report
    }

    private func compare() throws(LoadFault) {
        guard words.count == 2 else { throw LoadFault(.words, "--compare needs two files") }
        guard !output.json, output.csv == nil, output.html == nil, output.assert.isEmpty else {
            throw LoadFault(.words, "--compare makes a table alone: it has no --json, --csv, --html or --assert")
        }
        let reports = try reports()
        do throws(ExitCode) {
            try Terminal.say(LoadComparison(reports[0], reports[1]).table(width: LoadTerminal.columns))
        } catch {
            throw LoadFault(.system, "the comparison cannot be written")
        }
    }

    private func write(_ report: LoadReport) throws(LoadFault) {
        do {
            try Terminal.write(try report.json())
        } catch {
            throw LoadFault(.system, "the report cannot be written: \(error)")
        }
    }

    private func options(_ target: LoadTarget) throws(LoadFault) -> LoadOptions {
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
    /// No connection came to its end, or a command of --at failed.
    static let nothingShown: Int32 = 1
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
        (options.connections, options.rate, options.ramps) = (connections, rate, ramp)
        (options.arrivals, options.search, options.step) = (arrivals, findLimit, step)
        (options.duration, options.count) = (duration, count)
        if let threads { options.threads = threads }
        options.seed = seed
        options.events = at
    }
}
