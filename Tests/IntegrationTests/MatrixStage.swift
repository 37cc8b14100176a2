import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary

/// How a connection comes to its end.
enum EndingWay: String, CaseIterable {
    case notifyAndWait = "close_notify, waits"
    case notifyAndLeave = "close_notify, leaves"
    case fin = "bare FIN"
    case reset = "RST"
    case idle = "idle timeout"
    case drain = "drain"
    case upstreamEnd = "upstream end"
    case upstreamReset = "upstream reset"

    /// What the log calls it.
    var ending: String {
        switch self {
        case .notifyAndWait, .notifyAndLeave: "client_close_notify"
        case .fin: "client_fin"
        case .reset: "client_reset"
        case .idle: "timeout_idle"
        case .drain: "drain"
        case .upstreamEnd: "upstream_end"
        case .upstreamReset: "upstream_reset"
        }
    }

    /// What it may be called: an upstream that resets as soon as it has taken the connection may do so before that is noticed.
    var endings: [String] { self == .upstreamReset ? [ending, "upstream_unreachable"] : [ending] }

    /// What makes it of a client that can only say goodbye.
    var goodbye: WireTap.Goodbye {
        switch self {
        case .notifyAndWait: .passesAndWaits
        case .notifyAndLeave: .passes
        case .fin: .becomesFIN
        case .reset: .becomesReset
        case .idle, .drain, .upstreamEnd, .upstreamReset: .isWithheld
        }
    }

    var isClients: Bool { if case .isWithheld = goodbye { false } else { true } }
}

/// How a session comes back, and how many tickets a handshake ends with.
struct MatrixColumn: CustomStringConvertible {
    let carrier: SessionCarrier
    var tickets = 1

    static let all =
        SessionCarrier.allCases.map { MatrixColumn(carrier: $0) }
        + [MatrixColumn(carrier: .stateless, tickets: 2), MatrixColumn(carrier: .stateful, tickets: 2)]

    var description: String { carrier.rawValue + (tickets == 1 ? "" : ", both of \(tickets)") }
    /// Its listener.
    var listener: String { "\(carrier.mode)-\(tickets)" }
}

/// Where the matrix is played: a Reprise behind a tap, and an upstream that ends what it is told to end.
final class MatrixStage {
    let tap = WireTap()
    private let upstream: TestUpstream
    private let part = Locked(Part())
    private let cue = DispatchSemaphore(value: 0)
    private let reprise: RepriseProcess
    /// Holds the ticket keys of those that are drained, and of the one that goes on.
    private let keyFolder = RepriseProcess.temporaryFolder()
    private var other: RepriseProcess?

    /// What the upstream does with a connection.
    private struct Part {
        var way: EndingWay?
        var hearsFirst = true
    }

    init() throws {
        upstream = TestUpstream { [part, cue] peer in
            let part = part.withLock { $0 }
            if part.hearsFirst || part.way == nil, !Self.answer(peer) { return peer.close() }
            switch part.way {
            case .upstreamEnd:
                cue.wait()
                peer.close()
            case .upstreamReset:
                cue.wait()
                peer.reset()
            default:
                while Self.answer(peer) {}
                peer.close()
            }
        }
        reprise = try Self.start(upstream, in: RepriseProcess.temporaryFolder(), sessions: "")
        try Data((0..<80).map { _ in UInt8.random(in: 0...255) }).write(to: keyFolder.appending(path: "ticket.key"))
    }

    private static func answer(_ peer: TestUpstream.Peer) -> Bool {
        guard case .bytes(let bytes) = peer.receive() else { return false }
        let page = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
        return peer.send(bytes.first == UInt8(ascii: "G") ? Array(page.utf8) : bytes)
    }

    /// A Reprise with a listener for each kind of column, and another of the same session domain that soon times out.
    private static func start(_ upstream: TestUpstream, in folder: URL, sessions: String) throws -> RepriseProcess {
        if !FileManager.default.fileExists(atPath: folder.appending(path: "a.pem").path) {
            try TestCertificates(in: folder).make("a", for: ["localhost"])
        }
        var text = "workers: 2\ndrain_timeout: 0ms\nlisteners:\n"
        for name in Set(MatrixColumn.all.map(\.listener)).sorted() {
            let parts = name.split(separator: "-")
            for (suffix, timeouts) in [("", "{}"), ("-idle", "{ idle: 500ms }")] {
                text += """
                      - name: \(name)\(suffix)
                        bind: ["127.0.0.1:0"]
                        router: app
                        timeouts: \(timeouts)
                        sessions: { domain: \(name), mode: \(parts[0]), tickets: { full: \(parts[1])\(sessions) } }
                        tls: { hosts: [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }] }

                    """
            }
        }
        text += "upstreams:\n  - { name: app, servers: [\"127.0.0.1:\(upstream.port)\"] }\n"
        return try RepriseProcess(text, folder: folder)
    }

    /// The servers of one cell.
    private struct Scene: Sendable {
        typealias Log = @Sendable () -> [[String: String]]
        /// Where the client's first connection goes, and where it comes back to.
        var ports: [Int]
        /// The lines of first connections that have closed, and of those that came back.
        var (ended, cameBack): (Log, Log)
        var drain: @Sendable () -> Void = {}
    }

    private func scene(_ way: EndingWay, _ column: MatrixColumn) throws -> Scene {
        guard way == .drain else {
            let log = closings(of: reprise)
            let ended = log().count
            let suffix = way == .idle ? "-idle" : ""
            return Scene(
                ports: [port(reprise, column.listener + suffix), port(reprise, column.listener)],
                ended: { Array(log().dropFirst(ended)) }, cameBack: { Array(log().dropFirst(ended + 1)) })
        }
        if column.carrier.isStateful {
            let workers = try DrainedWorkers(column.carrier, tickets: column.tickets, upstream: upstream.port)
            return Scene(
                ports: workers.ports, ended: { workers.closed }, cameBack: { Array(workers.closed.dropFirst()) },
                drain: { workers.drainFirst() })
        }
        let drained = try Self.start(upstream, in: keyFolder, sessions: ", keys: [ticket.key]")
        let other = try other ?? Self.start(upstream, in: keyFolder, sessions: ", keys: [ticket.key]")
        self.other = other
        let before = closings(of: other)().count
        return Scene(
            ports: [port(drained, column.listener), port(other, column.listener)],
            ended: closings(of: drained), cameBack: { [log = closings(of: other)] in Array(log().dropFirst(before)) },
            drain: { drained.signal(SIGTERM) })
    }

    private func closings(of reprise: RepriseProcess) -> Scene.Log {
        { reprise.lines.filter { $0["message"] == "connection closed" } }
    }

    private func port(_ reprise: RepriseProcess, _ listener: String) -> Int {
        _ = reprise.waitForLine { $0["message"] == "listening" && $0["listener"] == listener }
        return reprise.port(listener)
    }

    /// What became of one cell.
    struct Cell: CustomStringConvertible {
        /// What the first connection offered, and what the log calls its ending.
        let before: String
        /// What became of each session that the client came back with.
        let comebacks: [String]
        var description: String { comebacks.joined(separator: ", ") }
    }

    /// Lets a client play one cell.
    func play(_ way: EndingWay, _ column: MatrixColumn, _ client: any MatrixClient) throws -> Cell {
        let scene = try scene(way, column)
        part.withLock { $0 = Part(way: way, hearsFirst: client.speaksFirst) }
        let end: @Sendable () -> Void = { [cue] in
            if way == .drain { scene.drain() }
            if way == .upstreamEnd || way == .upstreamReset { cue.signal() }
        }
        var first = WireTap.Route(to: scene.ports[0])
        if !client.endsItself(way) { (first.goodbye, first.onGoodbye) = (way.goodbye, end) }
        let comeback = WireTap.Route(
            to: scene.ports[1],
            beforehand: { [part] in
                // Not before the first connection is over for the server too.
                _ = eventually { !scene.ended().isEmpty }
                part.withLock { $0 = Part() }
            })
        tap.route([first, comeback])
        let told = try client.play(port: tap.port, column, way, cue: end)
        let offers = tap.offers.dropFirst()
        _ = eventually { scene.cameBack().count >= offers.count && !scene.ended().isEmpty }
        let lines = scene.cameBack()
        var comebacks: [String] = []
        for (offer, word) in zip(offers, told) {
            let line = lines.dropFirst(comebacks.count).first
            let isResumed =
                offer.rawValue == column.carrier.word && line?["resumed"] == offer.rawValue && word != false
            comebacks.append(offer == .nothing ? offer.rawValue : isResumed ? "resumed" : "full")
        }
        let before = [tap.offers.first?.rawValue, scene.ended().first?["ending"]].compactMap(\.self)
        return Cell(before: before.joined(separator: ", "), comebacks: comebacks)
    }
}
