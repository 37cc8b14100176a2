import Foundation
import Testing

/// A build with the thread or address sanitizer (`make sanitize`).
package enum Sanitizer {
    /// Memory figures mean nothing under a sanitizer, and crowds are smaller: it keeps freed memory, and is slow.
    package static let isOn = ProcessInfo.processInfo.environment["REPRISE_SANITIZED"] != nil

    /// Makes the test run fail when a program's standard error has a sanitizer's report.
    static func check(_ log: String) {
        let found = ["WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer"].compactMap {
            log.range(of: $0)?.lowerBound
        }
        guard let start = found.min() else { return }
        Issue.record("the server's sanitizer reports:\n\(log[start...].prefix(8000))")
    }
}
