internal import RepriseMetrics
package import RepriseVocabulary

/// What the administrative endpoint shows of upstream servers, and lets an operator change. From any thread.
package struct AdminUpstreams: Sendable {
    /// The groups in force.
    let list: @Sendable () -> [AdminUpstream]
    /// Changes a server of a group.
    ///
    /// - Returns: whether there is one.
    let change: @Sendable (_ upstream: String, _ server: String, AdminServerChange) -> Bool

    package init(
        list: @escaping @Sendable () -> [AdminUpstream],
        change: @escaping @Sendable (_ upstream: String, _ server: String, AdminServerChange) -> Bool
    ) {
        (self.list, self.change) = (list, change)
    }

    /// No groups.
    package static let none = AdminUpstreams(list: { [] }, change: { _, _, _ in false })
}

/// An upstream group, as the administrative endpoint shows it.
package struct AdminUpstream: Sendable, Equatable {
    package var name: String
    package var balance: String
    package var servers: [AdminServerView]

    package init(name: String, balance: String, servers: [AdminServerView]) {
        (self.name, self.balance, self.servers) = (name, balance, servers)
    }

    /// As a JSON object.
    var json: String {
        "{\"name\":\(JSONText.quoted(name)),\"balance\":\(JSONText.quoted(balance)),"
            + "\"servers\":[\(servers.map(\.json).joined(separator: ","))]}"
    }
}

/// A server, likewise.
package struct AdminServerView: Sendable, Equatable {
    package var id: String
    package var address: String
    package var endpoints: [Endpoint]
    package var weight: Int
    /// What an operator leaves of that.
    package var percent: Int
    package var isBackup: Bool
    package var state: ServerState
    /// Why it is not up, in words.
    package var reason: String?
    /// What health checks say: `up`, `down` or `unchecked`.
    package var check: String
    package var connections: Int
    /// `nil` where TLS is not spoken.
    package var tls: TLS?

    /// What is known of TLS with it.
    package struct TLS: Sendable, Equatable {
        /// How the last handshake went: `full`, a way of resumption, or `failed`; `nil` before the first.
        package var last: String?
        /// The cause and the words of a failure.
        package var failure: String?
        /// Until when its certificate is good.
        package var notAfter: WallTime?

        package init(notAfter: WallTime?) {
            self.notAfter = notAfter
        }

        var json: String {
            "{\"last\":\(last.map(JSONText.quoted) ?? "null"),\"failure\":\(failure.map(JSONText.quoted) ?? "null"),"
                + "\"not_after\":\(notAfter.map { JSONText.quoted($0.description) } ?? "null")}"
        }
    }

    package init(
        id: String, address: String, endpoints: [Endpoint], weight: Int, percent: Int, isBackup: Bool,
        state: ServerState, reason: String?, check: String, connections: Int
    ) {
        (self.id, self.address, self.endpoints, self.weight) = (id, address, endpoints, weight)
        (self.percent, self.isBackup, self.state) = (percent, isBackup, state)
        (self.reason, self.check, self.connections) = (reason, check, connections)
    }

    var json: String {
        let endpoints = endpoints.map { JSONText.quoted($0.description) }.joined(separator: ",")
        return "{\"id\":\(JSONText.quoted(id)),\"address\":\(JSONText.quoted(address)),\"endpoints\":[\(endpoints)],"
            + "\"weight\":\(weight),\"percent\":\(percent),\"backup\":\(isBackup),"
            + "\"state\":\(JSONText.quoted(state.word)),\"reason\":\(reason.map(JSONText.quoted) ?? "null"),"
            + "\"check\":\(JSONText.quoted(check)),\"connections\":\(connections),"
            + "\"tls\":\(tls?.json ?? "null")}"
    }
}

/// What an operator changes of a server.
package struct AdminServerChange: Sendable, Equatable {
    /// `nil` leaves it as it is.
    package var isDrained: Bool?
    package var percent: Int?

    /// Why a query says no change.
    struct Fault: Error, Equatable {
        let words: String
    }

    /// Reads `upstream=…&server=…&state=drained|up&percent=0…100`, percent-encoded (RFC 3986 §2.1).
    static func read(_ query: String?) throws(Fault) -> (upstream: String, server: String, change: AdminServerChange) {
        var (upstream, server, change): (String?, String?, AdminServerChange) = (nil, nil, AdminServerChange())
        for part in (query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = decoded(pair[1]) else { throw Fault(words: "cannot read \"\(part)\"") }
            switch pair[0] {
            case "upstream": upstream = value
            case "server": server = value
            case "state" where value == ServerState.drained.word: change.isDrained = true
            case "state" where value == ServerState.up.word: change.isDrained = false
            case "state": throw Fault(words: "state is drained or up")
            case "percent":
                guard let percent = Int(value), (0...100).contains(percent) else {
                    throw Fault(words: "percent is a whole number from 0 to 100")
                }
                change.percent = percent
            default: throw Fault(words: "there are upstream, server, state and percent")
            }
        }
        guard let upstream, let server, change != AdminServerChange() else {
            throw Fault(words: "name upstream and server, and state or percent")
        }
        return (upstream, server, change)
    }

    private static func decoded(_ text: Substring) -> String? {
        var (bytes, rest): ([UInt8], Substring.UTF8View) = ([], text.utf8)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let hex = String(rest.prefix(2)), hex.utf8.count == 2, let value = UInt8(hex, radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
