import Glibc

/// Starts the writer on a detached thread, which keeps it until `run` returns.
///
/// - Returns: 0, or why there is no thread (pthread_create(3)).
func startLogThread(_ writer: LogWriter) -> CInt {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(writer)
    let code = pthread_create(&thread, nil, runLogWriter, context.toOpaque())
    guard code == 0 else {
        context.release()
        return code
    }
    pthread_detach(thread)
    return 0
}

/// The thread's first function: a C function, hence at file scope.
private func runLogWriter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // Signals are the business of other threads, and a reader that is gone (SIGPIPE) is an errno here.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    guard let context else { return nil }
    Unmanaged<LogWriter>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
