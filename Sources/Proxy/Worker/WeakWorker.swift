internal import RepriseEventLoop

/// A worker, for other threads to carry around: what they have for it is done on its loop, if it is still there.
// @unchecked: the reference is looked at on the worker's loop only.
final class WeakWorker: @unchecked Sendable {
    private weak var core: WorkerCore?
    private let loop: EventLoop

    init(_ core: WorkerCore) {
        self.core = core
        loop = core.loop
    }

    /// Does something on the worker's loop, soon. From any thread.
    func execute(_ body: @escaping @Sendable (WorkerCore) -> Void) {
        loop.execute { [self] in if let core { body(core) } }
    }
}
