internal import CLibSSL

/// One entry of OpenSSL's error queue, as a value.
package struct OpenSSLError: Sendable, Hashable, CustomStringConvertible {
    /// The library's number (ERR_LIB_SSL …).
    package let library: CInt
    /// The reason's number within its library.
    package let reason: CInt
    /// OpenSSL's words for the reason, such as `no shared cipher`.
    package let description: String
}

/// OpenSSL's error queue of this thread. It must be empty before a call whose errors matter, and emptied right after.
enum ErrorQueue {
    static func clear() {
        ERR_clear_error()
    }

    /// Takes everything out, oldest first.
    static func drain() -> [OpenSSLError] {
        var errors: [OpenSSLError] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { return errors }
            let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            errors.append(OpenSSLError(library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), description: text))
        }
    }
}

extension [OpenSSLError] {
    /// All of them in one line.
    var text: String { isEmpty ? "unknown error" : map(\.description).joined(separator: ", ") }

    func contains(ssl reason: CInt) -> Bool {
        contains { $0.library == ERR_LIB_SSL && $0.reason == reason }
    }
}
