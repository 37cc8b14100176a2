internal import Glibc

/// How the process ends.
package enum ProcessEnd {
    /// Ends the process.
    ///
    /// - Parameter isQuiet: no thread but this one does anything that exit(3) could disturb; else its handlers are left out.
    package static func exit(_ code: Int32, isQuiet: Bool) -> Never {
        if isQuiet { Glibc.exit(code) } else { _exit(code) }
    }
}
