package import RepriseResumption
import RepriseTLS
package import RepriseVocabulary
import Testing

extension MemoryPair {
    /// A pair whose handshake is done.
    package static func connected(_ listener: MemoryListener, _ options: MemoryClient.Options) throws -> MemoryPair {
        let pair = try MemoryPair(server: listener, client: options)
        try #require(pair.handshake() == .done)
        return pair
    }

    /// A connection from its handshake to its end: what came of the session that it offered, and the one it was given. Both
    /// sides must say the same of it.
    package static func outcome(
        _ listener: MemoryListener, _ options: MemoryClient.Options, ending: Ending = .clientCloseNotify
    ) throws -> (result: ResumptionOutcome.Result, session: MemoryClient.Session?) {
        let pair = try connected(listener, options)
        pair.server.sendCloseNotify()
        _ = pair.sessions.connectionEnded(ending)
        #expect(pair.client.wasResumed == (pair.sessions.outcome.result == .resumed))
        return (pair.sessions.outcome.result, pair.client.sessions.last)
    }
}
