/// One entry of libcrypto's error queue, as a value.
package struct OpenSSLError: Sendable, Hashable {
    /// The packed code (ERR_get_error(3)).
    package let code: UInt
    /// The library's number, `ERR_LIB_SSL` and so on.
    package let library: Int32
    /// The reason's number within the library.
    package let reason: Int32
    /// What a person reads: the reason, the library, and the data that came with it.
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
