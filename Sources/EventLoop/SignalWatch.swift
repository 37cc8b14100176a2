internal import CLibEvent
internal import Glibc

/// Calls back on a loop when the process gets a signal. Only one loop of a process may watch signals (libevent).
package final class SignalWatch {
    private let loop: EventLoop
    private var handler: () -> Void
    private var event: OpaquePointer?

    /// Watches from now on.
    ///
    /// - Throws: when the signal cannot be caught.
    package init(loop: EventLoop, signal: CInt, _ handler: @escaping () -> Void) throws(EventLoopError) {
        self.loop = loop
        self.handler = handler
        let what = CShort(EV_SIGNAL | EV_PERSIST)
        event = event_new(loop.base, signal, what, signalCallback, Unmanaged.passUnretained(self).toOpaque())
        guard let event, event_add(event, nil) == 0 else {
            throw EventLoopError(operation: "event_add", errno: .current)
        }
    }

    deinit {
        if let event { event_free(event) }
    }

    /// Ends the watch; the signal does again what it does by default.
    package func close() {
        if let event { event_free(event) }
        event = nil
        // What it holds may hold the whole server.
        handler = {}
    }

    fileprivate func came() {
        loop.beginTurn()
        handler()
    }
}

/// `context` is the watch, whose event is freed before it.
private func signalCallback(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let watch = Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue()
    watch.came()
}

/// Signals that the process does not want at all.
package enum ProcessSignals {
    /// SIGTERM, SIGINT and SIGHUP by name, so that rooms above need no C.
    package static let terminate = SIGTERM
    package static let interrupt = SIGINT
    package static let hangUp = SIGHUP

    /// Lets those signals through on this thread, and on threads it starts: who started the process may have blocked
    /// them, and a blocked signal is never seen.
    package static func unblock(_ signals: [CInt]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Has a crash say its signal and nothing more: the runtime's own report writes registers and memory, which may be keys.
    package static func nameCrashes() {
        reprise_name_crashes()
    }

    /// Keeps those signals from this thread, for good.
    package static func block(_ signals: [CInt]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// A write to a peer that is gone returns EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
