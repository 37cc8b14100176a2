internal import RepriseEventLoop

/// A weak reference to a worker for other threads: what they hand it runs on its loop, if the worker still exists.
// @unchecked: the reference is read on the worker's loop only.
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
