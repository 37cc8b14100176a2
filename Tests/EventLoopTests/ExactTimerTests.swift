import RepriseEventLoop
import RepriseVocabulary
import Testing

/// A timer that is exact where libevent's go by milliseconds.
@Suite struct ExactTimerTests {
    @Test func `it fires once for each time that it is set, in order, and never early`() throws {
        let loop = try EventLoop(name: "exact")
        let begin = Clocks.monotonic()
        var fired: [Duration] = []
        var timer: ExactTimer?
        timer = try ExactTimer(on: loop) {
            fired.append(Clocks.monotonic() - begin)
            // The last is over already: it fires at once.
            switch fired.count {
            case 1: timer?.schedule(at: begin + .milliseconds(2))
            case 2: timer?.schedule(at: begin)
            default: loop.stop()
            }
        }
        timer?.schedule(at: begin + .microseconds(500))
        loop.run()
        #expect(fired.count == 3 && fired[0] >= .microseconds(500) && fired[1] >= .milliseconds(2), "\(fired)")
        timer?.close()
    }
}
