internal import CRepriseRouter
internal import Glibc
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseVocabulary

/// The questions that plug-ins have been asked and may ask about: what they hold are numbers, and one that is over finds
/// nothing here.
enum PluginCalls {
    private static let numbers = Locked<UInt64>(0)
    private static let open = Locked<[UInt64: PluginCall]>([:])
    private static let waiting = Locked<[UInt64: PluginLater]>([:])

    static func nextNumber() -> UInt64 {
        numbers.withLock { number in
            number += 1
            return number
        }
    }

    /// Lets a plug-in ask about a call for the length of `body`.
    static func with<Result>(_ call: PluginCall, _ body: (reprise_request) -> Result) -> Result {
        let number = nextNumber()
        open.withLock { $0[number] = call }
        defer { _ = open.withLock { $0.removeValue(forKey: number) } }
        return body(number)
    }

    /// The call of that number; `nil` when it is over, and on any thread but the one that it was made on.
    static func find(_ request: reprise_request) -> PluginCall? {
        guard let call = open.withLock({ $0[request] }), pthread_equal(call.thread, pthread_self()) != 0 else {
            return nil
        }
        return call
    }

    static func add(_ later: PluginLater) -> reprise_later {
        let number = nextNumber()
        waiting.withLock { $0[number] = later }
        return number
    }

    /// Takes a question out: it is answered once.
    static func take(_ later: reprise_later) -> PluginLater? { waiting.withLock { $0.removeValue(forKey: later) } }
}

/// One call of a plug-in's function about a connection, on its worker.
///
/// Texts that it lends are freed at its end.
// @unchecked: used on the thread that made it only, which ``PluginCalls/find(_:)`` sees to.
final class PluginCall: @unchecked Sendable {
    let thread = pthread_self()
    private let connection: any LentConnection
    private let hasGroup: (String) -> Bool
    private var lent: [UnsafeMutableBufferPointer<CChar>] = []
    private(set) var later: (number: reprise_later, answer: PluginLater)?

    init(_ connection: any LentConnection, hasGroup: @escaping (String) -> Bool = { _ in false }) {
        self.connection = connection
        self.hasGroup = hasGroup
    }

    deinit { for buffer in lent { buffer.deallocate() } }

    var connectionID: UInt64 { connection.id.value }

    func has(_ group: reprise_text) -> Bool { String(group).map(hasGroup) ?? false }

    func promise() -> reprise_later {
        guard later == nil else { return 0 }
        let answer = PluginLater()
        let number = PluginCalls.add(answer)
        later = (number, answer)
        return number
    }

    func field(_ field: UInt32) -> reprise_text {
        switch reprise_field(field) {
        case REPRISE_LISTENER: lend(connection.listenerName)
        case REPRISE_HOST: lend(connection.hostID)
        case REPRISE_CLIENT: lend(connection.clientEndpoint.description)
        case REPRISE_LOCAL: lend(connection.localEndpoint?.description)
        case REPRISE_SNI: lend(connection.serverName)
        case REPRISE_ALPN: lend(connection.applicationProtocol)
        case REPRISE_PROTOCOL: lend(connection.protocolVersion?.description)
        case REPRISE_RESUMED: lend(connection.resumedBy.word)
        case REPRISE_NOT_RESUMED: lend(refusal?.word)
        case REPRISE_LINEAGE: lend(connection.lineage?.id.description)
        case REPRISE_APPLICATION_DATA: lend(connection.applicationData)
        case REPRISE_CLIENT_CERTIFICATE: lend(connection.clientCertificates.first ?? [])
        case REPRISE_UPSTREAM_SERVER: lend(connection.server)
        case REPRISE_PROXY: lend(connection.proxyEndpoint?.description)
        default: reprise_text()
        }
    }

    func proxyTLV(_ type: UInt32) -> reprise_text {
        let value = UInt8(exactly: type).flatMap { connection.proxyHeader?[ProxyTLV.Kind(rawValue: $0)] }
        return value.map { lend($0) } ?? reprise_text()
    }

    private var refusal: ResumptionRefusal? {
        if case .refused(let reason) = connection.outcome.result { reason } else { nil }
    }

    private func lend(_ text: String?) -> reprise_text { text.map { lend(Array($0.utf8)) } ?? reprise_text() }

    private func lend(_ bytes: [UInt8]) -> reprise_text {
        guard !bytes.isEmpty else { return reprise_text() }
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = buffer.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) })
        lent.append(buffer)
        return reprise_text(data: UnsafePointer(buffer.baseAddress), size: buffer.count)
    }
}

/// A question that a plug-in answers later: the answer and the one who waits for it meet here, whoever comes first.
final class PluginLater: Sendable {
    typealias Answer = Result<Route, PluginFailure>

    private enum State {
        case asked
        case waited(CheckedContinuation<Answer?, Never>)
        case answered(Answer)
        /// Nobody waits any more.
        case over
    }

    private let state = Locked(State.asked)

    /// - Returns: `false` when nobody waits any more.
    func answer(_ route: Answer) -> Bool {
        let (heard, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Answer?, Never>?) in
            switch state {
            case .asked:
                state = .answered(route)
                return (true, nil)
            case .waited(let continuation):
                state = .over
                return (true, continuation)
            case .answered, .over: return (false, nil)
            }
        }
        waiting?.resume(returning: route)
        return heard
    }

    /// The answer; `nil` when the task is cancelled before.
    func wait() async -> Answer? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let route = state.withLock { state -> Answer?? in
                    switch state {
                    case .asked:
                        state = .waited(continuation)
                        return nil
                    case .answered(let route):
                        state = .over
                        return .some(route)
                    case .waited, .over: return .some(nil)
                    }
                }
                if let route { continuation.resume(returning: route) }
            }
        } onCancel: {
            giveUp()
        }
    }

    /// Nobody waits any more.
    func giveUp() {
        let waiting = state.withLock { state -> CheckedContinuation<Answer?, Never>? in
            defer { state = .over }
            if case .waited(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: nil)
    }
}

extension String {
    /// `nil` for none, and for what is no UTF-8.
    init?(_ text: reprise_text) {
        guard let data = text.data else { return nil }
        let bytes = UnsafeBufferPointer(start: data, count: text.size).map { UInt8(bitPattern: $0) }
        self.init(validating: bytes, as: UTF8.self)
    }
}

extension Route {
    /// - Throws: what is wrong with a plug-in's route.
    init(_ route: reprise_route) throws(PluginFailure) {
        let version = route.kind & REPRISE_SEND_PROXY.rawValue
        switch reprise_route_kind(route.kind & ~REPRISE_SEND_PROXY.rawValue) {
        case REPRISE_TO_GROUP: self = .group(try Self.name(route.group, "group"))
        case REPRISE_TO_SERVER:
            self = .server(
                try Self.name(route.server, "server"), in: try Self.name(route.group, "group"),
                orOthers: route.or_others != 0)
        case REPRISE_REFUSE_CLOSE: self = .refuse(.close)
        case REPRISE_REFUSE_SILENTLY: self = .refuse(.silently)
        case REPRISE_REFUSE_ALERT:
            guard let code = UInt8(exactly: route.alert), TLSAlert.names[code] != nil else {
                throw PluginFailure("it refuses by the alert \(route.alert), which there is not")
            }
            self = .refuse(.alert(TLSAlert(code: code)))
        default: throw PluginFailure("it gives a route of kind \(route.kind)")
        }
        if let data = route.remember.data {
            guard route.remember.size <= ApplicationDataError.limit else {
                throw PluginFailure("it has the session remember \(route.remember.size) bytes")
            }
            applicationData = UnsafeBufferPointer(start: data, count: route.remember.size).map { UInt8(bitPattern: $0) }
        }
        switch reprise_send_proxy(version) {
        case _ where version == 0: break
        case REPRISE_SEND_PROXY_OFF: sendProxy = .off
        case REPRISE_SEND_PROXY_V1: sendProxy = .v1
        case REPRISE_SEND_PROXY_V2: sendProxy = .v2
        default: throw PluginFailure("it gives a route of kind \(route.kind)")
        }
        if route.tickets >= 0 { tickets = Int(route.tickets) }
    }

    private static func name(_ text: reprise_text, _ what: String) throws(PluginFailure) -> String {
        guard let name = String(text) else { throw PluginFailure("it names no \(what)") }
        return name
    }
}

/// What a plug-in has done wrong.
struct PluginFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
