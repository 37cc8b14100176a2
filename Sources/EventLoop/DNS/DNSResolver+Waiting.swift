package import RepriseVocabulary

extension DNSResolver {
    /// How long ``wait(for:)`` waits.
    package static let patience = Duration.seconds(10)

    /// Resolves a name on a loop of its own, and waits for it: never call it on a loop.
    ///
    /// - Returns: `nil` when no answer comes within ``patience``.
    package static func wait(for name: DNSName) throws(EventLoopError) -> Result? {
        let loop = try EventLoop(name: "dns")
        let answer = Locked<Result?>(nil)
        try loop.start()
        loop.execute {
            // nonisolated(unsafe): made, used and closed on the loop alone.
            nonisolated(unsafe) let resolver = DNSResolver(on: loop)
            nonisolated(unsafe) var timer: LoopEvent?
            let end = {
                resolver.close()
                timer?.close()
                timer = nil
                loop.stop()
            }
            timer = .timer(on: loop, end)
            timer?.schedule(after: patience)
            resolver.resolve(name) { result in
                answer.withLock { $0 = result }
                end()
            }
        }
        loop.join()
        return answer.withLock { $0 }
    }
}
