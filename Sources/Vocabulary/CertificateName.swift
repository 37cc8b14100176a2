/// A name that a client's certificate may have: in its subjectAltName, or an attribute of its subject.
package enum CertificateName: Sendable, Hashable, CustomStringConvertible {
    /// A dNSName, or a pattern that stands for one label.
    case host(NamePattern)
    /// An rfc822Name: compared as it stands.
    case mail(String)
    /// An attribute of the subject by its short name (RFC 4514 §3), compared as it stands.
    case attribute(Attribute, String)

    /// The attributes of a subject that can be asked for.
    package enum Attribute: String, Sendable, CaseIterable {
        case commonName = "CN"
        case organization = "O"
        case organizationalUnit = "OU"
        case locality = "L"
        case state = "ST"
        case country = "C"
        case domainComponent = "DC"
        case userID = "UID"
        case serialNumber
        case emailAddress
    }

    /// Reads a host name, a `*.` pattern or a mail address, which stand in the subjectAltName; `nil` for anything else.
    package init?(_ text: String) {
        if let at = text.firstIndex(of: "@") {
            guard at != text.startIndex, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
            self = .mail(text)
        } else {
            guard let pattern = NamePattern(text) else { return nil }
            self = .host(pattern)
        }
    }

    /// Reads also `O=Acme`, an attribute of the subject.
    package init?(orAttribute text: String) {
        if let equals = text.firstIndex(of: "="), let attribute = Attribute(rawValue: String(text[..<equals])) {
            let value = text[text.index(after: equals)...]
            guard (1...256).contains(value.utf8.count), !value.utf8.contains(0) else { return nil }
            self = .attribute(attribute, String(value))
        } else {
            self.init(text)
        }
    }

    package var description: String {
        switch self {
        case .host(let pattern): pattern.description
        case .mail(let address): address
        case .attribute(let attribute, let value): "\(attribute.rawValue)=\(value)"
        }
    }
}
