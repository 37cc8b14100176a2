import CRepriseOpenSSL

/// The calling thread's libcrypto error queue.
///
/// It belongs to the thread, not to the connection: we empty it before every call whose errors matter, and drain it
/// right after, so that no connection inherits another's error (ERR_get_error(3)).
package enum ErrorQueue {
    /// Takes every entry out, the oldest first.
    package static func drain() -> [OpenSSLError] {
        var errors: [OpenSSLError] = []
        var data: UnsafePointer<CChar>?
        var flags: CInt = 0
        while true {
            let code = ERR_get_error_all(nil, nil, nil, &data, &flags)
            guard code != 0 else { return errors }
            let extra = flags & ERR_TXT_STRING != 0 ? data.map { String(cString: $0) } : nil
            errors.append(OpenSSLError(code: code, data: extra))
        }
    }

    /// Empties it.
    package static func clear() {
        // Peeking first saves the walk over the queue's sixteen slots in the usual case.
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }
}

extension OpenSSLError {
    fileprivate init(code: UInt, data: String?) {
        let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "reason \(ERR_GET_REASON(code))"
        let library = ERR_lib_error_string(code).map { String(cString: $0) } ?? "library \(ERR_GET_LIB(code))"
        let extra = data.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
        self.init(
            code: code, library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), text: "\(reason) (\(library))\(extra)"
        )
    }
}

/// One entry of libcrypto's error queue, as a value.
package struct OpenSSLError: Sendable, Hashable {
    /// The packed code (ERR_get_error(3)).
    package let code: UInt
    /// The library's number, `ERR_LIB_SSL` and so on.
    package let library: Int32
    /// The reason's number within the library.
    package let reason: Int32
    /// The text for people: the reason, the library, and the data that came with it.
    package let text: String

    package init(code: UInt, library: Int32, reason: Int32, text: String) {
        self.code = code
        self.library = library
        self.reason = reason
        self.text = text
    }
}

extension OpenSSLError: CustomStringConvertible {
    package var description: String { text }
}

extension Array<OpenSSLError> {
    /// The texts in the order they were raised, or a stand-in for none.
    package var summary: String {
        isEmpty ? "libssl gave no reason" : map(\.text).joined(separator: "; ")
    }
}
