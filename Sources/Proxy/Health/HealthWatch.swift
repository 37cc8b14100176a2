package import RepriseEventLoop
internal import RepriseMetrics
package import RepriseRouting
internal import RepriseTLS
package import RepriseVocabulary

/// Asks servers whether they are well: all of them where the group has health checks, and those that are ejected when their
/// time is over. One for the process; confined to its loop, but for ``wake()``.
package final class HealthWatch {
    /// The most questions that are open at once; others wait their turn.
    package static let maximumAtOnce = 64
    /// The most addresses of one server that a question is put to, all of them within the check's timeout.
    package static let maximumAddresses = 4
    /// Servers that are new are asked within this time, one after the other.
    private static let spread = Duration.milliseconds(500)

    private let loop: EventLoop
    private let count: @Sendable (_ group: String, _ server: String, CheckResult) -> Void
    private var groups: [UpstreamGroup] = []
    private var transports = UpstreamTransports()
    /// For checks of servers that we speak plaintext to otherwise: any certificate will do, because nothing is sent.
    private let anybody = try? UpstreamTLS(
        ClientContext(ClientSettings(tls: .old, trust: .anybody)), asked: .nothing)
    /// What is to be asked, the earliest first.
    private var due = DueQueue<Asked>()
    private var waiting: [Asked] = []
    private var open: [Asked: HealthProbe] = [:]
    private var timer: LoopEvent?
    private var isAsking = false
    private var programs: [Asked: ProgramProbe] = [:]

    /// What a question may still be put to, and until when.
    private struct Ways {
        var endpoints: [Endpoint]
        let end: Instant
    }

    /// A server of a group, and why it is asked.
    private struct Asked: Hashable {
        let group: Int
        let server: Int
        /// Its ejection is over; otherwise its check is due.
        let isProbe: Bool
    }

    /// - Parameter count: is told of the result of each check.
    package init(
        on loop: EventLoop, count: @escaping @Sendable (_ group: String, _ server: String, CheckResult) -> Void
    ) {
        (self.loop, self.count) = (loop, count)
        timer = .timer(on: loop) { [unowned self] in turn() }
    }

    /// Watches these groups from now on, and no others. What is known of servers that stay is kept.
    ///
    /// - Parameter transports: how their servers are spoken to.
    package func watch(_ groups: [UpstreamGroup], _ transports: UpstreamTransports) {
        loop.assertConfined()
        forget()
        (self.groups, self.transports) = (groups, transports)
        var number = 0
        let total = groups.reduce(0) { $0 + ($1.check == nil ? 0 : $1.servers.count) }
        for (group, one) in groups.enumerated() {
            guard let check = one.check else { continue }
            for (server, member) in one.servers.enumerated() where member.isChecked {
                let wait = min(Self.spread, check.interval) * number / max(total, 1)
                due.insert(Asked(group: group, server: server, isProbe: false), at: loop.now + wait)
                number += 1
            }
        }
        turn()
    }

    /// Ends all of it.
    package func stop() {
        loop.assertConfined()
        forget()
        timer?.close()
        timer = nil
    }

    private func forget() {
        // Somebody else probes those that were to be: an ejection must not last for ever.
        for asked in Array(open.keys) + Array(programs.keys) + waiting where asked.isProbe {
            groups[asked.group].abandonProbe(asked.server, until: loop.now)
        }
        for probe in open.values { probe.cancel() }
        for program in programs.values { program.cancel() }
        (open, programs, waiting, due, groups) = ([:], [:], [], DueQueue(), [])
        transports = UpstreamTransports()
    }

    /// A server was ejected: looks when it is to be probed.
    package func wake() {
        loop.assertConfined()
        turn()
    }

    private func turn() {
        let now = loop.now
        for (group, one) in groups.enumerated() {
            for server in one.probesDue(at: now) {
                waiting.append(Asked(group: group, server: server, isProbe: true))
            }
        }
        while let asked = due.popFirst(until: now) { waiting.append(asked) }
        askWhoWaits()
        schedule()
    }

    private func schedule() {
        let probes = groups.compactMap(\.nextProbe).min()
        guard let next = [due.first, probes].compactMap(\.self).min() else { return }
        timer?.schedule(after: max(next - loop.now, .milliseconds(1)))
    }

    /// Not by recursion: an answer that comes within the question asks the next.
    private func askWhoWaits() {
        guard !isAsking else { return }
        isAsking = true
        defer { isAsking = false }
        while open.count + programs.count < Self.maximumAtOnce, !waiting.isEmpty { ask(waiting.removeFirst()) }
    }

    private func ask(_ asked: Asked) {
        let group = groups[asked.group]
        let server = group.servers[asked.server]
        // Whose turn it is among the addresses is the clients' affair.
        let endpoints = server.presentOrder(at: loop.now).prefix(Self.maximumAddresses)
        guard !endpoints.isEmpty else { return pass(over: asked) }
        var check = asked.isProbe ? Self.probe : group.check ?? Self.probe
        // The checks of a group say how its servers want to be spoken to.
        if asked.isProbe { check.proxy = group.check?.proxy ?? server.proxy.version }
        // One that was ejected for its certificate is not well because it takes connections.
        if asked.isProbe, transports[group.name, asked.server]?.needsNoClient == true { check.kind = .tls }
        let ways = Ways(endpoints: Array(endpoints), end: loop.now + check.timeout)
        if case .exec(let command) = check.kind { return run(command, asked, at: ways) }
        probe(asked, at: ways, check)
    }

    /// The next address, and its share of the time that is left.
    private func takeFirst(of ways: inout Ways) -> (endpoint: Endpoint, time: Duration) {
        let time = max((ways.end - loop.now) / ways.endpoints.count, .milliseconds(1))
        return (ways.endpoints.removeFirst(), time)
    }

    /// Lets a program find out whether one of a server's addresses is well, one after the other.
    private func run(_ command: [String], _ asked: Asked, at ways: Ways) {
        var left = ways
        let group = groups[asked.group]
        let (first, time) = takeFirst(of: &left)
        let program = ProgramProbe(command, group.servers[asked.server], at: first, group.name, atMost: time, on: loop)
        {
            [unowned self, left] in
            programs[asked] = nil
            if case .bad = $0, !left.endpoints.isEmpty { run(command, asked, at: left) } else { answered(asked, $0) }
        }
        programs[asked] = program
        if program == nil { answered(asked, ProgramProbe.failure(of: command[0])) }
    }

    /// Asks a server at its addresses, one after the other, until one is well.
    private func probe(_ asked: Asked, at ways: Ways, _ check: HealthCheck) {
        let group = groups[asked.group]
        var (left, check) = (ways, check)
        while !left.endpoints.isEmpty {
            let first: Endpoint
            (first, check.timeout) = takeFirst(of: &left)
            var result: HealthProbe.Result?
            var isHere = true
            let probe = HealthProbe(
                check.port.map { first.at(port: $0) } ?? first, check, tcp: group.tcp,
                tls: tls(of: asked, check), on: loop
            ) { [unowned self, left, check] in
                guard !isHere else { return result = $0 }
                open[asked] = nil
                if case .bad = $0, !left.endpoints.isEmpty {
                    self.probe(asked, at: left, check)
                } else {
                    answered(asked, $0)
                }
            }
            isHere = false
            guard let result else { return open[asked] = probe }
            if case .bad = result, !left.endpoints.isEmpty { continue }
            return answered(asked, result)
        }
    }

    /// How a check speaks TLS; `nil` where it does not.
    private func tls(of asked: Asked, _ check: HealthCheck) -> UpstreamTLS? {
        let own = transports[groups[asked.group].name, asked.server]
        return switch check.kind {
        case .tls: own ?? anybody
        case .http: own
        case .tcp, .exec: nil
        }
    }

    /// When a probe is made again that could not be made.
    private static let probeAgain = Duration.seconds(1)

    /// What an ejected server is asked.
    private static let probe: HealthCheck = {
        var check = HealthCheck()
        check.timeout = .seconds(1)
        return check
    }()

    private func answered(_ asked: Asked, _ result: HealthProbe.Result) {
        let group = groups[asked.group]
        let now = loop.now
        switch (result, asked.isProbe) {
        case (.good(let time), true): _ = group.connected(asked.server, after: time, at: now)
        case (.bad(let reason, _), true): _ = group.failed(asked.server, reason, at: now)
        case (.good, false):
            count(group.name, group.servers[asked.server].id, .good)
            _ = group.checked(asked.server, nil, at: now)
        // What this machine lacks says nothing of servers, all of which it would take down at once.
        case (.unknown, true): group.abandonProbe(asked.server, until: now + Self.probeAgain)
        case (.unknown, false): break
        case (.bad(_, let words), false):
            count(group.name, group.servers[asked.server].id, .bad)
            _ = group.checked(asked.server, words, at: now)
        }
        if !asked.isProbe { askAgain(asked) }
        askWhoWaits()
        schedule()
    }

    private func askAgain(_ asked: Asked) {
        guard let check = groups[asked.group].check else { return }
        let share = Double.random(in: -1...1) * Double(check.jitter) / 100
        due.insert(asked, at: loop.now + check.interval * (1 + share))
    }

    /// A server whose name has no address yet is down without being asked.
    private func pass(over asked: Asked) {
        if asked.isProbe {
            _ = groups[asked.group].failed(asked.server, .other, at: loop.now)
        } else {
            askAgain(asked)
        }
    }
}

extension Endpoint {
    fileprivate func at(port: UInt16) -> Endpoint {
        if case .ip(let address, _) = self { .ip(address, port: port) } else { self }
    }
}

/// What is due, the earliest first: a binary heap.
struct DueQueue<Element> {
    private var heap: [(due: Instant, element: Element)] = []

    /// When the first is due.
    var first: Instant? { heap.first?.due }

    mutating func insert(_ element: Element, at due: Instant) {
        heap.append((due, element))
        var position = heap.count - 1
        while position > 0, heap[position].due < heap[(position - 1) / 2].due {
            heap.swapAt(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    /// Takes the first out, if it is due by then.
    mutating func popFirst(until now: Instant) -> Element? {
        guard let first = heap.first, first.due <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var position = 0
        while 2 * position + 1 < heap.count {
            var child = 2 * position + 1
            if child + 1 < heap.count, heap[child + 1].due < heap[child].due { child += 1 }
            guard heap[child].due < heap[position].due else { break }
            heap.swapAt(child, position)
            position = child
        }
        return first.element
    }
}
