internal import CRepriseEvent
internal import Glibc

/// What a process does about signals.
package enum ProcessSignals {
    /// SIGTERM, SIGINT and SIGHUP by name, so that modules above need no C.
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

/// How the process ends.
package enum ProcessEnd {
    /// Ends the process.
    ///
    /// - Parameter isQuiet: no thread but this one does anything that exit(3) could disturb; else its handlers are left out.
    package static func exit(_ code: Int32, isQuiet: Bool) -> Never {
        if isQuiet { Glibc.exit(code) } else { _exit(code) }
    }
}
