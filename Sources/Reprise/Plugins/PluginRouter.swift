internal import CRepriseRouter
internal import Glibc
internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// A router in a shared object (conf/reprise_router.h), loaded as a private copy that stays until the last user is gone.
final class PluginRouter: UpstreamRouter {
    /// What tells this copy from another of the same file.
    let identity: Identity
    private let functions: reprise_router
    // The plug-in keeps its own state; its functions are called from all workers.
    private nonisolated(unsafe) let state: UnsafeMutableRawPointer

    /// A file's contents with an argument: the same for as long as neither changes.
    struct Identity: Sendable, Equatable {
        let path: String
        let argument: String
        let stamp: FileStamp?
    }

    /// Loads a copy, and makes a router with it.
    ///
    /// - Throws: why it cannot, in words for an operator.
    init(_ path: String, argument: String) throws(PluginFailure) {
        identity = Identity(path: path, argument: argument, stamp: FileStamp(path))
        let handle = try PrivateCopy(of: path).open()
        do throws(PluginFailure) {
            (functions, state) = try Self.make(handle, argument)
        } catch {
            dlclose(handle)
            throw error
        }
    }

    /// The code stays: threads may still be in it, or have destructors there. Nobody waits for `destroy`, which may wait for
    /// others.
    deinit {
        let (destroy, state) = (functions.destroy, Destroyed(state: state))
        if !Background.start({ destroy?(state.state) }) { destroy?(state.state) }
    }

    /// What only `destroy` gets any more.
    // @unchecked: nobody else has it.
    private struct Destroyed: @unchecked Sendable {
        let state: UnsafeMutableRawPointer
    }

    private static func make(
        _ handle: UnsafeMutableRawPointer, _ argument: String
    ) throws(PluginFailure) -> (reprise_router, UnsafeMutableRawPointer) {
        guard let symbol = dlsym(handle, "reprise_router_v1") else {
            throw PluginFailure("it does not export reprise_router_v1")
        }
        typealias Entry = @convention(c) () -> UnsafePointer<reprise_router>?
        guard let table = unsafeBitCast(symbol, to: Entry.self)() else {
            throw PluginFailure("reprise_router_v1 returns nothing")
        }
        let (abi, size) = (table.pointee.abi, Int(table.pointee.size))
        guard abi == REPRISE_ROUTER_ABI else {
            throw PluginFailure("it is for version \(abi) of the interface, and this is version \(REPRISE_ROUTER_ABI)")
        }
        guard size >= MemoryLayout<reprise_router>.size else {
            throw PluginFailure(
                "its table has \(size) bytes, and at least \(MemoryLayout<reprise_router>.size) are needed")
        }
        let functions = table.pointee
        guard let create = functions.create, functions.destroy != nil, functions.route != nil else {
            throw PluginFailure("it lacks one of create, destroy and route")
        }
        var words = [CChar](repeating: 0, count: 256)
        let made = argument.utf8CString.withUnsafeBufferPointer { text in
            words.withUnsafeMutableBufferPointer { words in
                create(
                    PluginServer.table, reprise_text(data: text.baseAddress, size: text.count - 1), words.baseAddress,
                    words.count - 1)
            }
        }
        guard let made else {
            let said = String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw PluginFailure(said.isEmpty ? "it could not be made" : "it could not be made: \(said)")
        }
        return (functions, made)
    }

    func route(_ request: borrowing RouteRequest) -> RouteAnswer {
        let table = request.table
        let call = PluginCall(request.connection.lent) { table.groups[$0] != nil }
        var route = reprise_route()
        route.tickets = -1
        let result = PluginCalls.with(call) { functions.route?(state, $0, &route) ?? Int32(REPRISE_FAILED.rawValue) }
        if result == Int32(REPRISE_LATER.rawValue), let later = call.later {
            return .later { try await Self.wait(for: later) }
        }
        if let later = call.later { PluginCalls.take(later.number)?.giveUp() }
        do throws(PluginFailure) {
            switch result {
            case Int32(REPRISE_NOW.rawValue): break
            case Int32(REPRISE_LATER.rawValue):
                throw PluginFailure("it promises an answer that it did not ask for (later)")
            case Int32(REPRISE_FAILED.rawValue): throw PluginFailure("it says so (REPRISE_FAILED)")
            default: throw PluginFailure("route returns \(result)")
            }
            return .now(try Route(route))
        } catch {
            return .later { throw error }
        }
    }

    private static func wait(for later: (number: reprise_later, answer: PluginLater)) async throws -> Route {
        defer { _ = PluginCalls.take(later.number) }
        guard let answer = await later.answer.wait() else { throw CancellationError() }
        return try answer.get()
    }

    func connected(_ connection: borrowing ConnectionView) {
        guard let connected = functions.connected else { return }
        PluginCalls.with(PluginCall(connection.lent)) { connected(state, $0) }
    }

    func failed(_ connection: borrowing ConnectionView, _ reason: ConnectFailure) {
        guard let failed = functions.failed else { return }
        let word = reason.word.utf8CString
        PluginCalls.with(PluginCall(connection.lent)) { request in
            word.withUnsafeBufferPointer { text in
                failed(state, request, reprise_text(data: text.baseAddress, size: text.count - 1))
            }
        }
    }

    func ended(_ report: ConnectionReport) {
        guard let ended = functions.ended else { return }
        (report.ending?.description ?? "").utf8CString.withUnsafeBufferPointer { text in
            ended(state, report.id.value, reprise_text(data: text.baseAddress, size: text.count - 1))
        }
    }
}

/// What plug-ins may call.
enum PluginServer {
    fileprivate static func answer(_ route: UnsafePointer<reprise_route>?) -> Result<Route, PluginFailure> {
        guard let route else { return .failure(PluginFailure("it answers without a route")) }
        do throws(PluginFailure) {
            return .success(try Route(route.pointee))
        } catch {
            return .failure(error)
        }
    }

    /// It lives as long as the process.
    static nonisolated(unsafe) let table: UnsafePointer<reprise_server> = {
        let table = UnsafeMutablePointer<reprise_server>.allocate(capacity: 1)
        table.initialize(
            to: reprise_server(
                abi: REPRISE_ROUTER_ABI, size: UInt32(MemoryLayout<reprise_server>.size),
                field: { PluginCalls.find($0)?.field($1) ?? reprise_text() },
                connection: { PluginCalls.find($0)?.connectionID ?? 0 },
                has_group: { PluginCalls.find($0)?.has($1) == true ? 1 : 0 },
                later: { PluginCalls.find($0)?.promise() ?? 0 },
                answer: { later, route in
                    guard let waiting = PluginCalls.take(later) else { return Int32(REPRISE_GONE.rawValue) }
                    let answer = PluginServer.answer(route)
                    guard waiting.answer(answer) else { return Int32(REPRISE_GONE.rawValue) }
                    if case .failure = answer { return Int32(REPRISE_FAILED.rawValue) }
                    return Int32(REPRISE_NOW.rawValue)
                },
                proxy_tlv: { PluginCalls.find($0)?.proxyTLV($1) ?? reprise_text() }))
        return UnsafePointer(table)
    }()
}
