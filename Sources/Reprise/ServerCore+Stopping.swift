internal import RepriseAdmin
internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseVocabulary

/// How it ends.
extension ServerCore {
    /// The first call drains: no new connections, open ones may finish until `drain_timeout`, then get a close_notify.
    /// The second ends everything at once. The control loop stops when the last connection has ended.
    package func stop() async {
        switch state {
        case .starting where isLoading:
            state = .ended
            maintenance.names?.stop()
            control.stop()
        case .starting:
            // First the start must have opened what we then close.
            wanted.stop = wanted.stop == .no ? .drain : .atOnce
        case .serving:
            state = .draining
            await drain()
        case .reloading where isLoading:
            state = .draining
            await drain()
        case .reloading:
            // First the reload must have opened what we then close.
            wanted.stop = wanted.stop == .no ? .drain : .atOnce
        case .draining:
            log.notice("ending at once", [])
            for worker in workers { await worker.kill() }
        case .ended:
            break
        }
    }

    /// Ends as it was told to while it could not.
    func stopAsWanted() async {
        if wanted.stop == .atOnce {
            // The drain begins first, and ends when the workers have killed what is left.
            let control = control
            Task(executorPreference: control) { await self.stop() }
        }
        await stop()
    }

    private func drain() async {
        notifier.stopping(within: plan?.drainTimeout ?? .zero)
        // At once: the next process may make its own in the same place.
        let open = Array(sockets.values.joined())
        sockets = [:]
        for endpoint in open { removeFile(of: endpoint) }
        admin?.isDraining = true
        log.notice("draining", [("drain_timeout", .string((plan?.drainTimeout ?? .zero).written))])
        let deadline = LoopEvent.timer(on: control) { [workers, control] in
            for worker in workers { Task(executorPreference: control) { await worker.endDrain() } }
        }
        deadline.schedule(after: plan?.drainTimeout ?? .zero)
        await withTaskGroup { group in
            for worker in workers { group.addTask { await worker.drain() } }
        }
        deadline.close()
        state = .ended
        maintenance.stop()
        admin?.stop()
        stopLoops()
        log.notice("ended", [])
        control.stop()
    }

    func stopLoops() {
        for loop in loops { loop.stop() }
        for loop in loops { loop.join() }
        loops = []
        workers = []
    }
}
