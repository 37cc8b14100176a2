internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Which of a plan's TCP options this machine does not do, found by trying.
struct TCPCheck {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    /// - Parameters:
    ///   - refusal: why connections cannot come from an address.
    ///   - takesFastOpen: whether the kernel takes data with a client's SYN.
    init(
        _ plan: Plan?, refusal: (SourceAddress) -> SystemErrno? = Socket.reasonAgainst(connectingFrom:),
        takesFastOpen: @autoclosure () -> Bool? = TCPFeatures.takesFastOpen
    ) {
        for upstream in plan?.upstreams ?? [] {
            guard let source = upstream.tcp.source, let errno = refusal(source.value) else { continue }
            switch source.value {
            case .client:
                faults.append(
                    Fault(
                        source: source.source,
                        message:
                            "connecting from a client's address is refused: \(errno); it needs CAP_NET_RAW or CAP_NET_ADMIN"
                    ))
            case .address(let address):
                // An address that moves between machines may come later.
                warnings.append(
                    Fault(source: source.source, message: "connecting from \(address) fails for now: \(errno)"))
            }
        }
        let fast = (plan?.listeners ?? []).filter { $0.tcp.options.fastOpen > 0 }
        guard !fast.isEmpty, takesFastOpen() == false else { return }
        for listener in fast {
            guard let source = listener.tcp.fastOpenPlace.source else { continue }
            warnings.append(
                Fault(
                    source: source,
                    message: "has no effect: the kernel has it off for servers; set net.ipv4.tcp_fastopen to 3"))
        }
    }
}
