internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseVocabulary

/// The addresses of the servers that configurations name: each name is resolved before it comes into force, and again when
/// its time is over. What has resolved once keeps addresses, whatever DNS says later. Confined to its loop.
final class UpstreamNames {
    /// How long a start or a reload waits for names that have no addresses yet.
    static let patience = Duration.seconds(5)
    /// After how long a name that fails is asked for again: twice as long each time.
    static let retries = Duration.seconds(1)...Duration.seconds(60)
    /// The most names that are asked for at once; others wait their turn.
    static let maximumAtOnce = 64

    /// A server of a group in force.
    typealias Member = (group: UpstreamGroup, index: Int)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private let resolver: DNSResolver
    private var names: [DNSName: Name] = [:]
    private var members: [DNSName: [Member]] = [:]
    private var waiting: [Name] = []
    private var openQuestions = 0
    private var timer: LoopEvent?
    private var firstLooks: [FirstLook] = []

    /// What is known of a name.
    private final class Name {
        let name: DNSName
        let addresses = ServerAddresses()
        /// When it is to be asked for again; `nil` before its first answer.
        var due: Instant?
        var isAsked = false
        /// In a row.
        var failures = 0
        var error: DNSError?
        /// Whether the log says that it does not resolve.
        var isTold = false

        init(_ name: DNSName) { self.name = name }
    }

    /// A start or a reload that waits for the first answers.
    private final class FirstLook {
        var missing: Set<DNSName>
        let hosts: Set<DNSName>
        var timer: LoopEvent?
        let done: () -> Void

        init(_ hosts: Set<DNSName>, _ done: @escaping () -> Void) {
            (self.hosts, missing, self.done) = (hosts, hosts, done)
        }
    }

    init(on loop: EventLoop, _ settings: DNSResolver.Settings, registry: MetricRegistry, log: ControlLog) {
        (self.loop, self.registry, self.log) = (loop, registry, log)
        resolver = DNSResolver(on: loop, settings)
        timer = .timer(on: loop) { [unowned self] in askWhatIsDue() }
    }

    /// Ends all of it. A start that waits is told of what is known.
    func stop() {
        loop.assertConfined()
        resolver.close()
        timer?.close()
        timer = nil
        for look in firstLooks { end(look) }
    }

    // MARK: Before a plan comes into force

    /// Resolves the names that have no addresses yet.
    ///
    /// - Parameter done: is given those that have none after ``patience``, with the reasons; the caller tells the operator.
    func resolve(
        _ hosts: Set<DNSName>, within patience: Duration, _ done: @escaping ([DNSName: DNSError]) -> Void
    ) {
        loop.assertConfined()
        let missing = hosts.filter { addresses(of: $0).endpoints.isEmpty }
        guard !missing.isEmpty, timer != nil else { return done([:]) }
        let look = FirstLook(missing) { [unowned self] in done(unresolved(missing)) }
        look.timer = .timer(on: loop) { [unowned self, unowned look] in end(look) }
        look.timer?.schedule(after: patience)
        firstLooks.append(look)
        for host in missing { names[host].map(ask) }
    }

    private func unresolved(_ hosts: Set<DNSName>) -> [DNSName: DNSError] {
        var errors: [DNSName: DNSError] = [:]
        for host in hosts {
            guard let name = names[host], name.addresses.endpoints.isEmpty else { continue }
            name.isTold = true
            errors[host] = name.error ?? DNSError("no answer in time")
        }
        return errors
    }

    private func end(_ look: FirstLook) {
        guard let place = firstLooks.firstIndex(where: { $0 === look }) else { return }
        firstLooks.remove(at: place)
        look.timer?.close()
        look.done()
    }

    /// A name's addresses, the same object in every generation of the configuration.
    func addresses(of host: DNSName) -> ServerAddresses {
        if let name = names[host] { return name.addresses }
        let made = Name(host)
        names[host] = made
        return made.addresses
    }

    // MARK: In force

    /// These names are in force, and are kept up to date; others are forgotten.
    func tend(_ members: [DNSName: [Member]]) {
        loop.assertConfined()
        self.members = members
        names = names.filter { members[$0.key] != nil }
        let kept = Set(names.keys.map(\.description))
        registry.removeSeries(with: ["name"]) { kept.contains($0[0]) }
        askWhatIsDue()
    }

    private func askWhatIsDue() {
        let now = loop.now
        for name in names.values where members[name.name] != nil && name.due.map({ $0 <= now }) ?? true { ask(name) }
        schedule()
    }

    private func schedule() {
        let due = names.values.filter { !$0.isAsked && members[$0.name] != nil }.compactMap(\.due).min()
        if let due { timer?.schedule(after: max(due - loop.now, .milliseconds(1))) }
    }

    private func ask(_ name: Name) {
        guard !name.isAsked else { return }
        name.isAsked = true
        waiting.append(name)
        askWhoWaits()
    }

    private func askWhoWaits() {
        while openQuestions < Self.maximumAtOnce, !waiting.isEmpty {
            let name = waiting.removeFirst()
            openQuestions += 1
            resolver.resolve(name.name) { [unowned self] result in
                openQuestions -= 1
                name.isAsked = false
                switch result {
                case .success(let answer): take(answer, for: name)
                case .failure(let error): failed(name, error)
                }
                for look in firstLooks where look.missing.remove(name.name) != nil && look.missing.isEmpty { end(look) }
                askWhoWaits()
                schedule()
            }
        }
    }

    private func take(_ found: DNSAnswer, for name: Name) {
        // Of a host that DNS fails at now nobody knows better than before.
        let answer = found.keeping(name.addresses.targets)
        let old = name.addresses.endpoints
        // DNS turns the order of the addresses, which spreads connections, and is no news.
        if name.addresses.targets != answer.targets { name.addresses.replace(by: answer.targets) }
        let fields: [(String, LogValue)] = [
            ("name", .string("\(name.name)")), ("count", .int(Int64(answer.endpoints.count))),
        ]
        if let missing = answer.missing.first {
            let error = DNSError("\(missing.host.host): \(missing.error)")
            failed(name, error, "a host of a service does not resolve", within: answer.lifetime)
        } else {
            name.due = loop.now + answer.lifetime
            (name.failures, name.error) = (0, nil)
            if name.isTold { log.notice("server name resolves now", fields) }
            name.isTold = false
        }
        if !old.isEmpty, Set(old) != Set(answer.endpoints) { log.notice("server name has other addresses", fields) }
        guard old.isEmpty else { return }
        for (group, index) in members[name.name] ?? [] { _ = group.resolved(index) }
    }

    /// DNS has failed: it is asked again, and the operator is told once.
    ///
    /// - Parameter lifetime: for how long at most what is known is good.
    private func failed(
        _ name: Name, _ error: DNSError, _ words: String = "server name does not resolve",
        within lifetime: Duration = retries.upperBound
    ) {
        name.error = error
        name.failures += 1
        // More doublings than that exceed the longest.
        let wait = Self.retries.lowerBound * (1 << min(name.failures - 1, 10))
        name.due = loop.now + min(wait, Self.retries.upperBound, lifetime)
        registry.counter(MetricCatalog.dnsFailures, ["\(name.name)"]).add(1)
        guard !name.isTold, members[name.name] != nil else { return }
        name.isTold = true
        log.warning(
            words,
            [
                ("name", .string("\(name.name)")), ("reason", .string("\(error)")),
                ("count", .int(Int64(name.addresses.endpoints.count))),
            ])
    }
}
