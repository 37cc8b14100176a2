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
        let hosts = offers.sorted { $0.priority < $1.priority }.compactMap { offer in
            offer.port == 0 ? nil : HostEndpoint(parsing: "\(offer.host):\(offer.port)").map { (offer, $0) }
        }.prefix(Self.maximumTargets)
        left = hosts.count
        guard left > 0 else { return done(.failure(DNSError("no host offers the service"))) }
        for (offer, host) in hosts { resolver.resolve(host) { [self] in take($0, for: offer) } }
    }

    private func take(_ result: DNSResolver.Result, for offer: Offer) {
        switch result {
        case .failure(let error): self.error = DNSError("\(offer.host): \(error)")
        case .success(let answer):
            lifetime = min(lifetime, answer.lifetime)
            targets += answer.targets.map {
                ServiceTarget(priority: offer.priority, weight: offer.weight, endpoints: $0.endpoints)
            }
        }
        left -= 1
        guard left == 0 else { return }
        guard !targets.isEmpty else { return done(.failure(error ?? DNSError("no host offers the service"))) }
        // In an order of their own: answers come in any.
        targets.sort { ($0.priority, "\($0.endpoints[0])") < ($1.priority, "\($1.endpoints[0])") }
        done(.success(DNSAnswer(targets: targets, lifetime: lifetime)))
    }
}
