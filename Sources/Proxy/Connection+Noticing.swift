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
        case .handshaking where lastAnswered.map { $0 < lastReceived } ?? true, .lingering, .discarding: break
        case .closing where machine.discardsClient: break
        case .handshaking, .closing, .closed: return
        }
        // What is still to be received comes first, and so does the news behind it.
        if !clientIsReadable || !clientIsReceivedFrom, client.pendingError != 0 {
            clientBroke()
        } else if upstreamIsConnected, !upstreamIsReadable, let upstream {
            let error = upstream.pendingError
            // Bytes may have come with it, which no event has told of yet.
            if error != 0 { upstreamRefused(SystemErrno(error)) }
        }
        if machine.phase == .discarding {
            if clientRests { apply(.clientRests) } else { probeLater() }
        }
        settle()
    }

    /// Whether the client has all that was sent, and is done sending. Its kernel has it then, and keeps it through a reset;
    /// but a client that writes on is told of the reset before it reads.
    private var clientRests: Bool {
        client.unacknowledgedBytes == 0 && (clientHasEnded || worker.loop.now - lastReceived >= Self.uploadRest)
    }

    /// A client that has sent nothing for so long is not in the middle of an upload.
    static let uploadRest = Duration.milliseconds(500)
}
