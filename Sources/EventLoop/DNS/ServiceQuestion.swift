internal import RepriseVocabulary

/// A question for a service's hosts, and then for their addresses (RFC 2782). Confined to its resolver's loop.
final class ServiceQuestion {
    /// The most hosts taken for one service; those of the least priority first.
    static let maximumTargets = 64

    private struct Offer {
        let host: String
        let priority: UInt16
        let weight: UInt16
        let port: UInt16
    }

    private let resolver: DNSResolver
    private let done: (DNSResolver.Result) -> Void
    private var offers: [Offer] = []
    private var lifetime = DNSAnswer.lifetimes.upperBound
    private var left = 0
    private var targets: [ServiceTarget] = []
    private var missing: [DNSAnswer.Missing] = []
    private var error: DNSError?

    init(_ resolver: DNSResolver, _ done: @escaping (DNSResolver.Result) -> Void) {
        (self.resolver, self.done) = (resolver, done)
    }

    func found(_ host: String, priority: UInt16, weight: UInt16, port: UInt16) {
        offers.append(Offer(host: host, priority: priority, weight: weight, port: port))
    }

    func answered(_ status: CInt, seconds: CInt) {
        let error = status == 0 ? nil : DNSError(service: status)
        resolver.questionEnded { [self] in
            if let error { return done(.failure(error)) }
            lifetime = .seconds(Int(seconds))
            askForHosts()
        }
    }

    private func askForHosts() {
        // A host of "." says that the service is decidedly not available (RFC 2782).
        // In an order of their own, whatever that of the records is, so that the same ones are taken each time.
        var seen: Set<HostEndpoint> = []
        let hosts = offers.sorted { ($0.priority, $0.host, $0.port) < ($1.priority, $1.host, $1.port) }
            .compactMap { offer in
                offer.port == 0 ? nil : HostEndpoint(parsing: "\(offer.host):\(offer.port)").map { (offer, $0) }
            }.filter { seen.insert($0.1).inserted }.prefix(Self.maximumTargets)
        left = hosts.count
        guard left > 0 else { return done(.failure(Self.nobody)) }
        for (offer, host) in hosts {
            resolver.resolve(host, isAbsolute: true) { [self] in take($0, of: host, for: offer) }
        }
    }

    private static let nobody = DNSError("no host offers the service", isDenial: true)

    private func take(_ result: DNSResolver.Result, of host: HostEndpoint, for offer: Offer) {
        switch result {
        case .failure(let error):
            self.error = DNSError("\(offer.host): \(error)", isDenial: error.isDenial)
            if !error.isDenial {
                missing.append(
                    DNSAnswer.Missing(host: host, priority: offer.priority, weight: offer.weight, error: error))
            }
        case .success(let answer):
            lifetime = min(lifetime, answer.lifetime)
            targets += answer.targets.map {
                ServiceTarget(
                    priority: offer.priority, weight: offer.weight, host: host, endpoints: $0.endpoints)
            }
        }
        left -= 1
        guard left == 0 else { return }
        guard !targets.isEmpty else { return done(.failure(error ?? Self.nobody)) }
        done(.success(DNSAnswer(targets: targets.inOrder, lifetime: lifetime, missing: missing)))
    }
}
