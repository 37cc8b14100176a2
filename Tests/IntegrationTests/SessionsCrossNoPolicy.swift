import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The matrix of policies: a session from one place never resumes at another, and opens none (CVE-2025-23419).
@Suite(.waits) struct SessionsCrossNoPolicy {
    /// Where a client goes: a name at a listener, and what is demanded of clients there.
    private struct Place {
        let title: String
        var name: String
        let host: String
        var listener = "web"
        /// The authority whose certificates are asked for; `nil` where none are.
        var authority: String?
        var requires = false
    }

    private static let places = [
        Place(title: "none", name: "none.test", host: "none"),
        Place(title: "none, other name", name: "alias.test", host: "none"),
        Place(title: "none, other host", name: "plain.test", host: "plain"),
        Place(title: "request", name: "request.test", host: "request", authority: "ours"),
        Place(title: "require", name: "require.test", host: "require", authority: "ours", requires: true),
        Place(title: "require, other depth", name: "depth.test", host: "depth", authority: "ours", requires: true),
        Place(title: "require, other CA", name: "other.test", host: "other", authority: "theirs", requires: true),
        Place(
            title: "same id, require, listener 2", name: "none.test", host: "none", listener: "more",
            authority: "ours", requires: true),
        Place(title: "other host, listener 2", name: "more.test", host: "more", listener: "more"),
    ]

    private let folder = RepriseProcess.temporaryFolder()
    private let certificates: [String: SelfSigned.Made]

    init() throws {
        // One for each host: what differs is more than the policy.
        for host in Set(Self.places.map(\.host)) { try TestCertificates(in: folder).make(host, for: ["\(host).test"]) }
        certificates = try [
            "ours": ClientAuthority("ours", in: folder).certificate(),
            "theirs": ClientAuthority("theirs", in: folder).certificate(),
        ]
    }

    /// Two listeners for each way of keeping sessions, each pair with one session domain.
    private func start(_ upstream: TestUpstream) throws -> RepriseProcess {
        func host(_ id: String, _ names: String, _ clients: String = "") -> String {
            "{ id: \(id), names: [\(names)], certificates: [{ chain: \(id).pem, key: \(id).key }], "
                + "client_auth: { \(clients) } }"
        }
        let ours = "mode: require, ca: ours.pem"
        let web = [
            host("none", "none.test, alias.test"), host("plain", "plain.test"),
            host("request", "request.test", "mode: request, ca: ours.pem"), host("require", "require.test", ours),
            host("depth", "depth.test", ours + ", depth: 1"),
            host("other", "other.test", "mode: require, ca: theirs.pem"),
        ]
        let more = [host("none", "none.test", ours), host("more", "more.test")]
        func listener(_ name: String, _ mode: SessionMode, _ hosts: [String]) -> String {
            """
              - name: \(name)-\(mode)
                bind: ["127.0.0.1:0"]
                router: app
                sessions: { mode: \(mode), domain: \(mode) }
                tls: { hosts: [\(hosts.joined(separator: ", "))] }

            """
        }
        let listeners = [SessionMode.both, .stateful].map {
            listener("web", $0, web) + listener("more", $0, more)
        }
        return try RepriseProcess(
            """
            workers: 1
            listeners:
            \(listeners.joined())
            upstreams: [{ name: app, servers: ["127.0.0.1:\(upstream.port)"] }]
            """, folder: folder)
    }

    private func port(_ reprise: RepriseProcess, _ place: Place, _ carrier: SessionCarrier) -> Int {
        reprise.port("\(place.listener)-\(carrier.mode)")
    }

    private func visit(
        _ reprise: RepriseProcess, _ place: Place, _ carrier: SessionCarrier, shows: Bool,
        resuming session: MemoryClient.Session? = nil
    ) throws -> Visit {
        var options = carrier.client(place.name, resuming: session)
        options.certificate = shows ? place.authority.flatMap { certificates[$0] } : nil
        return try Visit(port: port(reprise, place, carrier), options)
    }

    /// What must become of a session from one place at another: `resumed`, or the log's reason.
    private func expected(_ from: Place, _ to: Place, _ carrier: SessionCarrier) -> String {
        if from.host != to.host { return "other_host" }
        if from.requires != to.requires { return "policy_changed" }
        // RFC 8446 §4.2.11 leaves it to the server: one host is one policy, by whichever of its names.
        return from.name == to.name || carrier.version == .tls1_3 ? "resumed" : "other_name"
    }

    /// One crossing, whose line in the log is yet to come.
    private struct Crossing {
        let (carrier, from, to): (SessionCarrier, Place, Place)
        let shows: Bool
        let visit: Visit
        /// The number of its connection, from 0.
        let number: Int
    }

    @Test func `a session resumes where it was made, and at no other place by any carrier`() throws {
        let reprise = try start(.echo())
        var crossings: [Crossing] = []
        var connections = 0
        for carrier in SessionCarrier.allCases {
            for from in Self.places {
                let first = try visit(reprise, from, carrier, shows: true)
                connections += 1
                #expect(first.isLetIn && !first.wasResumed, "\(carrier) \(from.title)")
                let session = try #require(first.sessions.last)
                for to in Self.places {
                    for shows in to.authority == nil ? [false] : [false, true] {
                        let visit = try visit(reprise, to, carrier, shows: shows, resuming: session)
                        crossings.append(
                            Crossing(
                                carrier: carrier, from: from, to: to, shows: shows, visit: visit, number: connections))
                        connections += 1
                    }
                }
            }
        }
        let lines = reprise.connections(connections)
        try #require(lines.count == connections)
        for crossing in crossings {
            let (from, to, line) = (crossing.from, crossing.to, lines[crossing.number])
            let what: Comment = "\(crossing.carrier): \(from.title) to \(to.title): \(line)"
            let expected = expected(from, to, crossing.carrier)
            #expect(line["host"] == to.host && line["sni"] == to.name, what)
            #expect(line["not_resumed"] ?? "resumed" == expected, what)
            #expect((line["resumed"] ?? "no" != "no") == (expected == "resumed"), what)
            #expect(crossing.visit.wasResumed == (expected == "resumed"), what)
            let mayEnter = expected == "resumed" || crossing.shows || !to.requires
            #expect(crossing.visit.isLetIn == mayEnter, what)
            #expect(line["cause"] == (mayEnter ? nil : "certificate_required"), what)
        }
        print(table(crossings, lines))
    }

    /// The crossings of clients that show a certificate where one is asked for; a row for each place they come from.
    private func table(_ crossings: [Crossing], _ lines: [[String: String]]) -> String {
        let columns = Self.places.map(\.title)
        var rows = [["carrier", "from \\ to"] + columns]
        for carrier in SessionCarrier.allCases {
            for from in columns {
                let row = crossings.filter {
                    $0.carrier == carrier && $0.from.title == from && $0.shows == ($0.to.authority != nil)
                }
                rows.append(
                    [carrier.rawValue, from]
                        + row.map { lines[$0.number]["not_resumed"].map { "full: \($0)" } ?? "resumed" })
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: " | ")
        }.joined(separator: "\n")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session resumes under its own name however it is spelled`(_ carrier: SessionCarrier) throws {
        let reprise = try start(.echo())
        let place = Self.places[0]
        let session = try visit(reprise, place, carrier, shows: false).sessions.last
        var spelled = place
        spelled.name = place.name.uppercased()
        #expect(try visit(reprise, spelled, carrier, shows: false, resuming: session).wasResumed, "\(reprise.log)")
    }

    @Test(arguments: [["-tls1_2", "-no_ticket"], ["-tls1_2"], ["-tls1_3"]])
    func `a session that openssl carries over opens nothing that asks for a certificate`(options: [String]) throws {
        let reprise = try start(.http("ok\n"))
        let file = folder.appending(path: "session.pem").path
        func connect(_ place: Place, _ extra: [String]) throws -> ShellResult {
            try Shell.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:\(port(reprise, place, .ticket))", "-ign_eof"]
                    + ["-servername", place.name] + options + extra, input: "GET / HTTP/1.0\r\n\r\n")
        }
        let (none, require) = (Self.places[0], Self.places[4])
        #expect(try connect(none, ["-sess_out", file]).output.contains("New, TLSv1"))
        for to in [Self.places[2], Self.places[3], require, Self.places[7]] {
            let result = try connect(to, ["-sess_in", file])
            #expect(!result.output.contains("Reused, TLSv1"), "\(to.title): \(result)")
            #expect(result.output.contains("200 OK") == !to.requires, "\(to.title): \(result)")
        }
        #expect(try connect(none, ["-sess_in", file]).output.contains("Reused, TLSv1"))
        let lines = reprise.connections(6)
        let reasons = lines.map { $0["not_resumed"] ?? "-" }
        #expect(reasons == ["-", "other_host", "other_host", "other_host", "policy_changed", "-"], "\(reprise.log)")
        for line in lines[3...4] { #expect(line["cause"] == "certificate_required", "\(line)") }
    }
}
