internal import CRepriseTimer
internal import Glibc
package import RepriseVocabulary

/// A timer that is exact to microseconds (timerfd_create(2)), for what must begin on time; it costs a system call each
/// time that it is set. Confined to its loop.
package final class ExactTimer {
    private let descriptor: CInt
    private var event: LoopEvent?
    private var isSet = false

    /// A timer that is not set.
    ///
    /// - Throws: when the system has no descriptor for it, or epoll does not take it.
    package init(on loop: EventLoop, _ fire: @escaping () -> Void) throws(EventLoopError) {
        let descriptor = reprise_exact_timer()
        guard descriptor >= 0 else { throw EventLoopError(operation: "timerfd_create", errno: .current) }
        self.descriptor = descriptor
        let event = LoopEvent(.readiness(of: descriptor, for: .readable), on: loop) { [unowned self] _ in
            isSet = false
            fire()
            // Setting it again has cleared it; else it would be ready in every turn.
            if !isSet, self.event != nil { reprise_exact_timer_set(descriptor, 0) }
        }
        do throws(EventLoopError) {
            try event.start()
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.event = event
    }

    deinit { close() }

    /// Fires once at that moment, at once if it is over, and not at one set before.
    package func schedule(at moment: Instant) {
        guard event != nil else { return }
        isSet = true
        reprise_exact_timer_set(descriptor, max(1, moment.nanoseconds))
    }

    /// Ends it for good; it does not fire again.
    package func close() {
        guard let event = event.take() else { return }
        event.close()
        Glibc.close(descriptor)
    }
}
