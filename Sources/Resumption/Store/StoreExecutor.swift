internal import Dispatch

/// Where session stores on other machines are asked: on threads apart from those of Swift's own pool, which has one for each
/// processor, so that whoever blocks those does not make the store silent.
final class StoreExecutor: TaskExecutor {
    static let shared = StoreExecutor()

    private let queue = DispatchQueue(label: "session store", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
