internal import EventLoop
internal import TLS
internal import Vocabulary

/// What nothing tells of by itself: a reset behind bytes, a handshake that goes on no more.
extension Connection {
    /// What is to be known of a handshake that may have to make way; `nil` once it is over.
    var handshake: HandshakeQueue.Handshake? {
        guard machine.phase == .handshaking else { return nil }
        return HandshakeQueue.Handshake(
            client: entry.client, waitsSince: lastAnswered ?? record.acceptedAt, hasHello: tls.hasReadHello,
            hasUnreadBytes: { [client] in client.hasUnreadBytes },
            roundTrip: { [client] in client.roundTrip })
    }

    /// Ends the handshake, because another client's was taken in instead.
    func makeWay(for limit: Admission.Refusal) {
        record.detail = limit.rawValue
        placeIsTaken = true
        apply(.refused)
    }

    /// Has the sockets asked for an error a little later.
    ///
    /// libevent tells an error (EPOLLERR) as readable and writable, which bytes are as well. A reset that comes right
    /// behind bytes is one edge with them: a receive that empties the socket has used it up, and nothing else would
    /// tell of the reset before the idle timeout.
    func probeLater() {
        guard !probeIsQueued else { return }
        probeIsQueued = true
        worker.probes.append(self, due: worker.loop.now + WorkerCore.probeDelay)
    }

    /// Asks the sockets for an error (SO_ERROR), once after they were last received from.
    func probe() {
        probeIsQueued = false
        switch machine.phase {
        case .connecting, .relaying: break
        // A client that was answered since would have refused the answer.
        case .handshaking where lastAnswered.map { $0 < lastReceived } ?? true, .lingering: break
        case .handshaking, .closing, .closed: return
        }
        // What is still to be received comes first, and so does the news behind it.
        if !clientIsReadable || !clientIsReceivedFrom, client.pendingError != 0 {
            clientBroke()
        } else if upstreamIsConnected, !upstreamIsReadable, let upstream, upstream.pendingError != 0 {
            apply(.upstreamReset)
        }
        settle()
    }
}
