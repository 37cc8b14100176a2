internal import Vocabulary

/// Warns where client_auth protects less than it seems to: in mode tcp nobody looks at the Host of an HTTP request, so that a
/// client whom one host lets in reaches, by another host's name, whatever lies behind the same upstream group.
struct SharedUpstreamCheck {
    private(set) var warnings: [Fault] = []

    mutating func check(_ plan: Plan) {
        for (upstream, listeners) in Dictionary(grouping: plan.listeners, by: \.upstream) {
            let hosts = listeners.flatMap { listener in
                listener.tls.hosts.map { (host: $0, listener: listener.name, fallback: listener.tls.source) }
            }
            guard let guarded = hosts.first(where: { $0.host.clients != nil }) else { continue }
            guard let other = hosts.first(where: { Self.differ($0.host.clients, guarded.host.clients) }) else {
                continue
            }
            let place = guarded.host.clients?.source ?? guarded.fallback
            warnings.append(
                Fault(
                    source: place,
                    message:
                        "host \"\(other.host.id)\" of listener \"\(other.listener)\" demands other certificates than host "
                        + "\"\(guarded.host.id)\", and both lead to the upstream group \"\(upstream)\": in mode tcp a client of one "
                        + "reaches the other by its HTTP Host; give them groups of their own, or have the upstream check"
                ))
        }
    }

    private static func differ(_ one: ClientAuthenticationPlan?, _ other: ClientAuthenticationPlan?) -> Bool {
        guard let one, let other else { return (one == nil) != (other == nil) }
        return one.mode != other.mode || one.authorities != other.authorities || one.revocations != other.revocations
            || one.depth != other.depth || Set(one.names.map(\.value)) != Set(other.names.map(\.value))
    }
}
