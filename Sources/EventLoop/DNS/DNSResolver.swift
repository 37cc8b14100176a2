internal import CRepriseCares
internal import Glibc
package import RepriseVocabulary

/// Resolves host names without holding up its loop, by c-ares: /etc/hosts first, then the system's DNS servers, A and AAAA;
/// services by SRV first (``ServiceQuestion``).
/// Confined to its loop.
///
/// c-ares owns the sockets, which the loop watches for it. It calls back within its own functions, where it must not be
/// closed: answers are therefore handed over in a turn of their own.
package final class DNSResolver {
    /// Whom it asks, and for how long.
    package struct Settings: Sendable {
        /// `address:port` of each server, separated by commas; `nil` for those of resolv.conf(5).
        package var servers: String?
        /// How long the first try waits for an answer; c-ares gives the second twice as long, so that a silent server is
        /// given up before whoever waits for its answer gives up.
        package var timeout = Duration.seconds(1)
        /// How often a question is asked in all; each server is asked once at least.
        package var tries = 2

        package init() {}
    }

    package typealias Result = Swift.Result<DNSAnswer, DNSError>

    /// A channel this old is replaced while nothing is open: resolv.conf(5) is read once for each.
    private static let channelLifetime = Duration.seconds(30)

    private let loop: EventLoop
    private let settings: Settings
    private var channel: OpaquePointer?
    private var channelEnd = Instant(nanoseconds: 0)
    private var sockets: [CInt: LoopEvent] = [:]
    private var timer: LoopEvent?
    private var delivery: LoopEvent?
    private var finished: [() -> Void] = []
    private var openQuestions = 0
    private var isClosed = false
    private let way = Way()

    /// The way back from c-ares, which outlasts the resolver.
    fileprivate final class Way {
        weak var resolver: DNSResolver?
    }

    package init(on loop: EventLoop, _ settings: Settings = Settings()) {
        (self.loop, self.settings) = (loop, settings)
        way.resolver = self
        timer = .timer(on: loop) { [unowned self] in timePassed() }
        delivery = .timer(on: loop) { [unowned self] in deliver() }
    }

    deinit {
        // Open questions hold it: none is left.
        sockets = [:]
        if let channel { reprise_cares_end(channel) }
    }

    /// The c-ares this process runs with, such as `1.18.1`.
    package static var caresVersion: String { String(cString: reprise_cares_version()) }

    /// Resolves a name.
    ///
    /// - Parameter done: is called once, later, on the loop; not after ``close()``.
    package func resolve(_ name: DNSName, _ done: @escaping (Result) -> Void) {
        loop.assertConfined()
        guard !isClosed else { return }
        switch name {
        case .host(let host): resolve(host, done)
        case .service(let service): resolve(service, done)
        }
    }

    /// - Parameter isAbsolute: it is the whole name, and resolv.conf(5)'s `search` is not heeded.
    func resolve(_ name: HostEndpoint, isAbsolute: Bool = false, _ done: @escaping (Result) -> Void) {
        guard let channel = freshChannel() else {
            return finish { done(.failure(.noChannel)) }
        }
        let question = Question(self, port: name.port, done)
        openQuestions += 1
        let context = Unmanaged.passRetained(question)
        guard reprise_cares_resolve(channel, name.host.text, isAbsolute ? 1 : 0, answered, context.toOpaque()) == 1
        else {
            context.release()
            openQuestions -= 1
            return finish { done(.failure(.noMemory)) }
        }
        question.isLocal = false
        setTimer()
    }

    private func resolve(_ service: ServiceName, _ done: @escaping (Result) -> Void) {
        guard let channel = freshChannel() else { return finish { done(.failure(.noChannel)) } }
        let question = ServiceQuestion(self, done)
        openQuestions += 1
        let context = Unmanaged.passRetained(question)
        guard reprise_cares_services(channel, service.name.text, found, servicesAnswered, context.toOpaque()) == 1
        else {
            context.release()
            openQuestions -= 1
            return finish { done(.failure(.noMemory)) }
        }
        setTimer()
    }

    /// A question of c-ares' is answered: another may be asked for what it says, in a turn of its own.
    func questionEnded(_ work: @escaping () -> Void) {
        openQuestions -= 1
        finish(work)
    }

    /// Ends all of it; nothing is called back any more.
    package func close() {
        guard !isClosed else { return }
        loop.assertConfined()
        isClosed = true
        finished = []
        dropChannel()
        timer?.close()
        delivery?.close()
    }

    private func freshChannel() -> OpaquePointer? {
        if let channel, openQuestions > 0 || loop.now < channelEnd { return channel }
        dropChannel()
        guard Self.libraryIsSetUp else { return nil }
        let milliseconds = CInt(clamping: settings.timeout.wholeNanoseconds / 1_000_000)
        let owner = Unmanaged.passUnretained(way).toOpaque()
        guard let made = reprise_cares_channel(milliseconds, CInt(settings.tries), socketChanged, owner) else {
            return nil
        }
        channel = made
        if let servers = settings.servers, reprise_cares_set_servers(made, servers) != 0 {
            dropChannel()
            return nil
        }
        channelEnd = loop.now + Self.channelLifetime
        return channel
    }

    private func dropChannel() {
        guard let channel else { return }
        reprise_cares_end(channel)
        self.channel = nil
        // c-ares takes back each socket that it closes; this is for a version that would forget one.
        for event in sockets.values { event.close() }
        sockets = [:]
    }

    private static let libraryIsSetUp = reprise_cares_begin() == 0

    /// A question that is open: c-ares holds it until it calls back.
    fileprivate final class Question {
        private let resolver: DNSResolver
        private let port: UInt16
        private let done: (Result) -> Void
        /// Whether c-ares has not come back yet from the call that asks: what it finds by then, it has asked nobody for.
        var isLocal = true

        init(_ resolver: DNSResolver, port: UInt16, _ done: @escaping (Result) -> Void) {
            (self.resolver, self.port, self.done) = (resolver, port, done)
        }

        func answered(_ status: CInt, _ first: UnsafeRawPointer?, seconds: CInt) {
            let result: Result
            if status != 0 {
                result = .failure(DNSError(status: status))
            } else if let answer = DNSAnswer(first, seconds: seconds, port: port, isLocal: isLocal) {
                result = .success(answer)
            } else {
                result = .failure(DNSError("the name has no address"))
            }
            resolver.questionEnded { [done] in done(result) }
        }
    }
}

extension DNSResolver {
    private func finish(_ work: @escaping () -> Void) {
        guard !isClosed else { return }
        finished.append(work)
        if finished.count == 1 { delivery?.activate(.readable) }
    }

    private func deliver() {
        let due = finished
        finished = []
        for work in due where !isClosed { work() }
    }

    fileprivate func watch(_ descriptor: CInt, _ readiness: Readiness) {
        sockets.removeValue(forKey: descriptor)?.close()
        guard !readiness.isEmpty else { return }
        let event = LoopEvent(.readiness(of: descriptor, for: readiness), on: loop) { [unowned self] in
            socketIsReady(descriptor, $0)
        }
        // Where the system does not take it, the question ends by its time.
        guard (try? event.start()) != nil else { return event.close() }
        sockets[descriptor] = event
    }

    private func socketIsReady(_ descriptor: CInt, _ readiness: Readiness) {
        guard let channel else { return }
        reprise_cares_ready(
            channel, descriptor, readiness.isReadable ? 1 : 0, readiness.isWritable ? 1 : 0)
        setTimer()
    }

    private func timePassed() {
        guard let channel else { return }
        reprise_cares_time_passed(channel)
        setTimer()
    }

    private func setTimer() {
        guard let channel, openQuestions > 0 else { return }
        let wait = reprise_cares_microseconds(channel)
        // A time that has come just now is the next turn's.
        if wait >= 0 { timer?.schedule(after: max(.milliseconds(1), .microseconds(wait))) }
    }
}

/// `context` is the way to the resolver, which frees its channel before that.
private func socketChanged(_ context: UnsafeMutableRawPointer?, _ descriptor: CInt, _ reads: CInt, _ writes: CInt) {
    guard let context else { return }
    var readiness: Readiness = []
    if reads != 0 { readiness.insert(.readable) }
    if writes != 0 { readiness.insert(.writable) }
    Unmanaged<DNSResolver.Way>.fromOpaque(context).takeUnretainedValue().resolver?.watch(descriptor, readiness)
}

/// `context` is the question, retained for c-ares; it calls once.
private func answered(
    _ context: UnsafeMutableRawPointer?, _ status: CInt, _ first: UnsafeRawPointer?, _ seconds: CInt
) {
    guard let context else { return }
    Unmanaged<DNSResolver.Question>.fromOpaque(context).takeRetainedValue().answered(status, first, seconds: seconds)
}

/// `context` is the service's question, retained for c-ares until ``servicesAnswered``.
private func found(
    _ context: UnsafeMutableRawPointer?, _ host: UnsafePointer<CChar>?, _ priority: UInt16, _ weight: UInt16,
    _ port: UInt16
) {
    guard let context, let host else { return }
    Unmanaged<ServiceQuestion>.fromOpaque(context).takeUnretainedValue()
        .found(String(cString: host), priority: priority, weight: weight, port: port)
}

/// `context` is the service's question, retained for c-ares; it calls once.
private func servicesAnswered(
    _ context: UnsafeMutableRawPointer?, _ status: CInt, _ first: UnsafeRawPointer?, _ seconds: CInt
) {
    guard let context else { return }
    Unmanaged<ServiceQuestion>.fromOpaque(context).takeRetainedValue().answered(status, seconds: seconds)
}
