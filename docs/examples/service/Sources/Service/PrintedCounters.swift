import Metrics

/// A backend of swift-metrics that prints what is counted; a program for production has one that exports.
struct PrintedCounters: MetricsFactory {
    private final class Printed: CounterHandler {
        let name: String

        init(_ name: String) { self.name = name }

        func increment(by amount: Int64) { print("\(name) +\(amount)") }
        func reset() {}
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Printed(label + dimensions.map { " \($0.0)=\($0.1)" }.joined())
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
