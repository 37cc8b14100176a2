internal import RepriseEventLoop
internal import RepriseVocabulary

/// The counters of a server, as it gives them to Prometheus by plain HTTP (Reprise's /metrics, HAProxy's, an exporter's).
package struct ServerCounts: Sendable {
    /// How long the answer may take, and how much of it is taken.
    static let deadline = Duration.seconds(5)
    static let limit = 16 << 20
    /// How many counters a report has at most.
    package static let counters = 100

    private let endpoint: Endpoint
    private let path: String
    private let before: [String: Double]

    /// Reads them a first time.
    ///
    /// - Parameter url: `http://host:port/path`.
    package init(_ url: String) throws(LoadFault) {
        guard url.hasPrefix("http://") else {
            throw LoadFault(.words, "--server-metrics \(url): expected http://host:port/path")
        }
        let rest = url.dropFirst("http://".count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let host = rest[..<slash].contains(":") ? String(rest[..<slash]) : "\(rest[..<slash]):80"
        path = slash == rest.endIndex ? "/metrics" : String(rest[slash...])
        if let endpoint = Endpoint(parsing: host), endpoint.address != nil {
            self.endpoint = endpoint
        } else if let name = HostEndpoint(parsing: host) {
            do throws(Resolver.ResolverError) {
                endpoint = try Resolver.resolve(name)[0]
            } catch {
                throw LoadFault(.system, "--server-metrics \(url): \(error)")
            }
        } else {
            throw LoadFault(.words, "--server-metrics \(url): expected http://host:port/path")
        }
        before = try Self.read(path, endpoint)
    }

    /// Reads them again: those that have changed since, by name.
    package func changes() throws(LoadFault) -> [LoadReport.ServerCount] {
        let after = try Self.read(path, endpoint)
        let changes = after.filter { $0.value != before[$0.key] ?? 0 }
            .map { LoadReport.ServerCount(name: $0.key, before: before[$0.key] ?? 0, after: $0.value) }
        return Array(changes.sorted { $0.name < $1.name }.prefix(Self.counters))
    }

    private static func read(_ path: String, _ endpoint: Endpoint) throws(LoadFault) -> [String: Double] {
        let answer: String
        do throws(HTTPFetch.FetchError) {
            answer = try HTTPFetch.get(path, from: endpoint, deadline: deadline, limit: limit)
        } catch {
            throw LoadFault(.system, "--server-metrics: \(error)")
        }
        let words = answer.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1] == "200" else {
            throw LoadFault(.system, "--server-metrics: \(endpoint) does not answer with 200 to GET \(path)")
        }
        return counters(in: answer)
    }

    /// Samples of counters in Prometheus' text format, by name and labels.
    package static func counters(in text: String) -> [String: Double] {
        var counters: [String: Double] = [:]
        var names: Set<Substring> = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                if words.count == 4, words[3] == "counter" { names.insert(words[2]) }
                continue
            }
            guard !line.hasPrefix("#") else { continue }
            // Behind the labels, whose values may hold spaces; a time may follow the value.
            let end = line.lastIndex(of: "}").map { line.index(after: $0) } ?? line.firstIndex(of: " ") ?? line.endIndex
            let (name, words) = (line[..<end], line[end...].split(separator: " "))
            let family = name.prefix { $0 != "{" }
            // OpenMetrics leaves `_total` out of the family's name.
            let isCounter = names.contains(family) || family.hasSuffix("_total") && names.contains(family.dropLast(6))
            guard isCounter, let value = words.first.flatMap({ Double($0) }), value.isFinite else { continue }
            counters[String(name)] = value
        }
        return counters
    }
}
