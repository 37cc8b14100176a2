import RepriseProxy
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary

/// A router whose answers come when a test says so.
final class LateRouter: UpstreamRouter {
    private struct State {
        var questions = 0
        var cancelled = 0
        var waiting: [CheckedContinuation<Route, any Error>] = []
    }

    private let state = Locked(State())

    func route(_ request: borrowing RouteRequest) -> RouteAnswer {
        state.withLock { $0.questions += 1 }
        return .later { [self] in
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    state.withLock { $0.waiting.append(continuation) }
                }
            } onCancel: {
                state.withLock { $0.cancelled += 1 }
            }
        }
    }

    var questions: Int { state.withLock { $0.questions } }
    var waiting: Int { state.withLock { $0.waiting.count } }
    var cancelled: Int { state.withLock { $0.cancelled } }

    func answer(_ answer: Result<Route, any Error>) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: answer) }
    }
}

/// A router that answers at once, and notes what it is told.
final class PromptRouter: UpstreamRouter {
    let answer: @Sendable (borrowing RouteRequest) -> RouteAnswer
    let notes = Locked<[String]>([])

    init(_ answer: @escaping @Sendable (borrowing RouteRequest) -> RouteAnswer) { self.answer = answer }

    func route(_ request: borrowing RouteRequest) -> RouteAnswer { answer(request) }

    func connected(_ connection: borrowing ConnectionView) {
        let server = connection.server ?? "-"
        notes.withLock { $0.append("connected \(server)") }
    }

    func failed(_ connection: borrowing ConnectionView, _ reason: ConnectFailure) {
        let server = connection.server ?? "-"
        notes.withLock { $0.append("failed \(server) \(reason.word)") }
    }

    func ended(_ report: ConnectionReport) {
        notes.withLock { $0.append("ended \(report.ending?.description ?? "-")") }
    }
}

struct Failed: Error, CustomStringConvertible {
    var description: String { "out of luck" }
}
