/// Which way relayed bytes go.
package enum RelayDirection: Int, ClosedList {
    case clientToUpstream, upstreamToClient

    package static let title = "Directions"

    package var text: (word: String, meaning: String) {
        switch self {
        case .clientToUpstream: ("client_to_upstream", "From the client to the upstream.")
        case .upstreamToClient: ("upstream_to_client", "From the upstream to the client.")
        }
    }
}
