internal import CRepriseEvent
internal import Glibc

/// How the process handles signals.
package enum ProcessSignals {
    /// SIGTERM, SIGINT, SIGHUP and SIGUSR1 by name, so that modules above need no C.
    package static let terminate = SIGTERM
    package static let interrupt = SIGINT
    package static let hangUp = SIGHUP
    package static let reopen = SIGUSR1

    /// Unblocks those signals on this thread, and on threads it starts: the parent process may have blocked them, and a
    /// blocked signal never arrives.
    package static func unblock(_ signals: [CInt]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Makes a crash report its signal and nothing more: the runtime's own report writes registers and memory, which
    /// may be keys.
    package static func nameCrashes() {
        reprise_name_crashes()
    }

    /// Blocks those signals on this thread, for good.
    package static func block(_ signals: [CInt]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Ignores SIGPIPE: a write to a peer that is gone returns EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// How the process ends.
package enum ProcessEnd {
    /// Ends the process.
    ///
    /// - Parameter isQuiet: whether no other thread does anything that exit(3) could disturb; otherwise exit handlers
    ///   are skipped.
    package static func exit(_ code: Int32, isQuiet: Bool) -> Never {
        if isQuiet { Glibc.exit(code) } else { _exit(code) }
    }
}
