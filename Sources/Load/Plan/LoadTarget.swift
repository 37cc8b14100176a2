package import RepriseVocabulary

/// What is put under load: `tls://host:port`, or `https://host[:port][/path]`.
package struct LoadTarget: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    package let description: String
    package let host: Host
    package let port: UInt16
    /// What is asked for by HTTP; `nil` where HTTP is not spoken.
    package let path: String?

    /// Who it is.
    package enum Host: Sendable, Hashable {
        case name(ServerName)
        case address(IPAddress)
    }

    /// The name that it is asked for, unless the command line says otherwise; addresses have none.
    package var serverName: String? { if case .name(let name) = host { name.text } else { nil } }

    /// Reads it.
    package init(parsing text: String) throws(ParseFault) {
        description = text
        var scanner = Scanner(text)
        let isHTTP = scanner.take("https://")
        guard isHTTP || scanner.take("tls://") else {
            throw scanner.fault("expected tls://host:port or https://host[:port][/path]")
        }
        host = try Self.host(&scanner)
        if scanner.take(":") {
            let start = scanner
            guard let number = UInt16(scanner.take { $0.isASCII && $0.isNumber }), number > 0 else {
                throw start.fault("expected a port from 1 to 65535")
            }
            port = number
        } else {
            guard isHTTP else { throw scanner.fault("expected \":\" and a port") }
            port = 443
        }
        let rest = scanner
        let path = scanner.take { $0.asciiValue.map { (0x21...0x7e).contains($0) } ?? false }
        guard scanner.isAtEnd, path.isEmpty || path.hasPrefix("/") else {
            throw (scanner.isAtEnd ? rest : scanner).fault(isHTTP ? "expected a path" : "expected nothing more")
        }
        guard isHTTP || path.isEmpty else { throw rest.fault("expected nothing more: tls:// has no path") }
        self.path = isHTTP ? (path.isEmpty ? "/" : path) : nil
    }

    private static func host(_ scanner: inout Scanner) throws(ParseFault) -> Host {
        let start = scanner
        if scanner.take("[") {
            let text = scanner.take { $0 != "]" }
            guard let address = IPAddress(parsing: text), scanner.take("]") else {
                throw start.fault("expected an IPv6 address in brackets")
            }
            return .address(address)
        }
        let text = scanner.take { $0 != ":" && $0 != "/" }
        if let address = IPAddress(parsing: text) { return .address(address) }
        guard let name = ServerName(text) else { throw start.fault("expected a host name or an address") }
        return .name(name)
    }
}
