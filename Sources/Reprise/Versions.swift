internal import RepriseEventLoop
internal import RepriseTLS

/// Which versions run.
package enum Versions {
    /// Reprise's own (Semantic Versioning).
    package static let reprise = "0.1.0"
    /// libevent's.
    package static var libevent: String { EventLoop.libeventVersion }

    /// Lines for people: ours first, then what it runs on.
    package static var lines: [String] {
        ["reprise \(reprise)", Library.version, "libevent \(libevent)", "Swift \(swift)"]
    }

    /// The compiler's; the language has no word for it at run time, so the newest that compiled this is named.
    private static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #else
            "6.3"
        #endif
    }
}
