internal import CLibEvent
internal import Vocabulary

/// A timer on a loop. Confined to it.
///
/// Durations that the loop knows (``EventLoop/register(commonTimeout:)``) cost O(1) to set and to clear, however many
/// timers run.
package final class LoopTimer {
    private let loop: EventLoop
    private let fire: () -> Void
    private var event: OpaquePointer?

    /// A timer that is not set; `fire` is called on the loop.
    package init(loop: EventLoop, _ fire: @escaping () -> Void) {
        self.loop = loop
        self.fire = fire
        event = event_new(loop.base, -1, 0, timerCallback, Unmanaged.passUnretained(self).toOpaque())
        precondition(event != nil, "no memory for a timer")
    }

    deinit {
        // event_free takes the event off the loop first, so that no callback can come for a timer that is gone.
        if let event { event_free(event) }
    }

    /// Fires once after so long, and not at a time set before.
    package func schedule(after duration: Duration) {
        guard let event else { return }
        if let common = loop.commonTimeout(duration) {
            event_add(event, common)
        } else {
            var interval = timeval(duration)
            event_add(event, &interval)
        }
    }

    /// Does not fire until it is set again.
    package func cancel() {
        guard let event else { return }
        event_del_noblock(event)
    }

    /// Whether it is set.
    package var isScheduled: Bool {
        guard let event else { return false }
        return event_pending(event, CShort(EV_TIMEOUT), nil) != 0
    }

    /// Frees what libevent holds; the timer never fires again.
    package func close() {
        guard let event else { return }
        event_free(event)
        self.event = nil
    }

    fileprivate func fired() {
        loop.beginTurn()
        fire()
    }
}

/// `context` is the timer, whose event is freed before it.
private func timerCallback(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    // Retained for the call: the timer may be dropped by what it does.
    let timer = Unmanaged<LoopTimer>.fromOpaque(context).takeUnretainedValue()
    timer.fired()
}
