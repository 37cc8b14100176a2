public import RepriseVocabulary

/// Decides which upstream a connection goes to: the place where a program plugs in.
///
/// It is asked once for each connection, on the connection's worker, when the handshake is done, and in a full TLS 1.2
/// handshake just before its last flight, in which the client gets its session; it must not block there. A
/// router that needs time answers ``RouteAnswer/later(_:)``: that suspends this connection alone, until
/// `timeouts.route`. A function that blocks holds up all connections of its worker and cannot be interrupted: it is
/// measured, counted (`reprise_router_stalls_total`) and warned of.
///
/// A configuration names it as a listener's `router`, like a group. The other functions are feedback, for routers that
/// learn; by default they do nothing.
/// ```swift
/// struct ByProtocol: UpstreamRouter {
///     func route(_ request: borrowing RouteRequest) -> RouteAnswer {
///         .now(request.connection.applicationProtocol == "h2" ? .group("grpc") : .group("web"))
///     }
/// }
/// ```
public protocol UpstreamRouter: Sendable {
    /// Chooses the upstream of one connection.
    func route(_ request: borrowing RouteRequest) -> RouteAnswer
    /// A server has taken the connection; it has been sent none of the client's bytes yet.
    func connected(_ connection: borrowing ConnectionView)
    /// The server ``ConnectionView/server`` has not taken the connection; the next one is tried, if there is one.
    func failed(_ connection: borrowing ConnectionView, _ reason: ConnectFailure)
    /// The connection is over.
    func ended(_ report: ConnectionReport)
}

extension UpstreamRouter {
    /// Does nothing.
    public func connected(_ connection: borrowing ConnectionView) {}
    /// Does nothing.
    public func failed(_ connection: borrowing ConnectionView, _ reason: ConnectFailure) {}
    /// Does nothing.
    public func ended(_ report: ConnectionReport) {}
}

/// What a router is asked: where should this connection go? It is lent for the length of the question.
///
/// ```swift
/// struct ByClaim: UpstreamRouter {
///     func route(_ request: borrowing RouteRequest) -> RouteAnswer {
///         // What it kept in the session when the client came first comes back with every resumption.
///         let claim = String(decoding: request.connection.applicationData, as: UTF8.self)
///         return .now(request.hasGroup(claim) ? .group(claim) : .group("new"))
///     }
/// }
/// ```
public struct RouteRequest: ~Copyable {
    /// The connection: its client, what was negotiated, and its session.
    public let connection: ConnectionView
    package let table: RouteTable

    package init(_ connection: consuming ConnectionView, _ table: RouteTable) {
        self.connection = connection
        self.table = table
    }

    /// Whether the configuration has an upstream group of that name.
    public func hasGroup(_ name: String) -> Bool { table.groups[name] != nil }

    /// The ids of a group's servers, in the order of the configuration; `nil` when there is no such group.
    public func servers(of group: String) -> [String]? { table.groups[group]?.servers.map(\.id) }
}

/// A router's answer.
///
/// ```swift
/// struct Asking: UpstreamRouter {
///     let tenants: @Sendable (String) async throws -> String
///     func route(_ request: borrowing RouteRequest) -> RouteAnswer {
///         guard let name = request.connection.serverName else { return .now(.refuse(.close)) }
///         return .later { .group(try await tenants(name)) }
///     }
/// }
/// ```
public enum RouteAnswer: Sendable {
    /// The route, known at once: it costs no allocation.
    case now(Route)
    /// A route that takes time. The function begins on the worker's loop and must not block it; its task is cancelled at
    /// the deadline and when the client has gone. One that throws has failed.
    case later(@Sendable () async throws -> Route)
}

/// Where a connection goes, and what else is decided with it.
///
/// ```swift
/// var route = Route.server("b", in: "app", orOthers: true)
/// route.applicationData = Array("tenant-7".utf8)
/// ```
public struct Route: Sendable {
    package let target: Target
    /// What the session is to remember from now on, see ``ConnectionView/setApplicationData(_:)``; `nil` leaves it as it is.
    public var applicationData: [UInt8]?
    /// How many TLS 1.3 tickets the client gets, 0 to ``maximumTickets``; `nil` leaves it to `sessions.tickets`.
    public var tickets: Int?
    /// How the server is told who the client is; `nil` leaves it to the group's and the server's `send_proxy`.
    public var sendProxy: ProxyProtocolVersion?

    /// The most tickets of one connection.
    public static let maximumTickets = 16

    /// Where it leads.
    package enum Target: Sendable {
        case group(String)
        case server(String, group: String, orOthers: Bool)
        /// A group that is known already.
        case found(UpstreamGroup)
        case refusal(RouteRefusal)
    }

    package init(_ target: Target) {
        self.target = target
    }

    /// To a server of that group, chosen as the group balances.
    public static func group(_ name: String) -> Route { Route(.group(name)) }

    /// To one server.
    ///
    /// - Parameters:
    ///   - id: the server's id.
    ///   - group: its group's name.
    ///   - orOthers: whether to try the others of the group when it does not take the connection.
    public static func server(_ id: String, in group: String, orOthers: Bool = false) -> Route {
        Route(.server(id, group: group, orOthers: orOthers))
    }

    /// Nowhere.
    public static func refuse(_ refusal: RouteRefusal) -> Route { Route(.refusal(refusal)) }
}

/// How a connection that a router refuses is ended.
///
/// ```swift
/// let answer = RouteAnswer.now(.refuse(.alert(.accessDenied)))
/// ```
public enum RouteRefusal: Sendable, Hashable {
    /// With a fatal alert; close_notify and user_canceled are none. To a TLS 1.2 client that resumes, where libssl sends no
    /// alert of a program's choice after the handshake, as ``close``.
    case alert(TLSAlert)
    /// In order: with a close_notify and a FIN.
    case close
    /// With a reset, and without a word of TLS.
    case silently
}

/// All upstream groups of one configuration, by name.
package final class RouteTable: Sendable {
    package let groups: [String: UpstreamGroup]

    package init(_ groups: [String: UpstreamGroup]) {
        self.groups = groups
    }

    /// A target in the terms of this configuration.
    package enum Destination {
        case group(UpstreamGroup)
        case server(Int, of: UpstreamGroup, orOthers: Bool)
        case nowhere(RouteRefusal)
    }

    /// - Throws: what it names that is not there.
    package func resolve(_ target: Route.Target) throws(RoutingFailure) -> Destination {
        switch target {
        case .found(let group): .group(group)
        case .refusal(let refusal): .nowhere(refusal)
        case .group(let name): .group(try group(name))
        case .server(let id, let name, let orOthers): try server(id, of: try group(name), orOthers)
        }
    }

    private func server(
        _ id: String, of group: UpstreamGroup, _ orOthers: Bool
    ) throws(RoutingFailure) -> Destination {
        guard let index = group.index(of: id) else {
            throw .unknown("no server \"\(id)\" in the upstream group \"\(group.name)\"")
        }
        return .server(index, of: group, orOthers: orOthers)
    }

    private func group(_ name: String) throws(RoutingFailure) -> UpstreamGroup {
        guard let group = groups[name] else { throw .unknown("no upstream group \"\(name)\"") }
        return group
    }
}

/// Why a router's answer led nowhere.
package enum RoutingFailure: Error, Sendable {
    /// It has failed: what it threw.
    case failed(String)
    /// It has not answered by the deadline.
    case late
    /// It names what the configuration does not have.
    case unknown(String)

    /// In one line, for the log.
    package var detail: String {
        switch self {
        case .failed(let words): "the router failed: \(words)"
        case .late: "the router did not answer in time"
        case .unknown(let words): "the router names \(words.prefix(200))"
        }
    }

    package var result: RouteResult {
        switch self {
        case .failed: .failed
        case .late: .late
        case .unknown: .unknown
        }
    }
}
