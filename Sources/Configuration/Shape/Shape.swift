/// What the file may hold at one place. The whole file is one tree of these: checks, the JSON Schema and the
/// documentation are all made from it.
indirect enum Shape: Sendable {
    case mapping([Key])
    case list(of: Shape, atLeast: Int)
    case scalar(Scalar)
    /// A plain value, or a mapping with more detail.
    case either(Scalar, [Key])
    /// Names that the user chooses, each with a value.
    case dictionary(Shape)

    /// Whether its keys are the user's.
    var isDictionary: Bool { if case .dictionary = self { true } else { false } }

    /// One key of a mapping.
    struct Key: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool
        /// The default as the file would write it; `nil` where there is none.
        let defaultText: String?
        /// Whether that says in words what applies, and is no value.
        let isDefaultInWords: Bool
        let availability: Availability
        /// Whether an empty mapping says something, namely all defaults.
        let isMeantEmpty: Bool
        /// One sentence or two, for people.
        let about: String

        init(
            _ name: String, _ shape: Shape, required: Bool = false, defaultText: String? = nil,
            isDefaultInWords: Bool = false, availability: Availability = .inForce, isMeantEmpty: Bool = false,
            _ about: String
        ) {
            self.isMeantEmpty = isMeantEmpty
            self.name = name
            self.shape = shape
            self.isRequired = required
            self.defaultText = defaultText
            self.isDefaultInWords = isDefaultInWords
            self.availability = availability
            self.about = about
        }
    }

    /// A plain value.
    enum Scalar: Sendable {
        /// Any text but the empty one.
        case text
        /// One of those words, or a path, which has a slash.
        case wordOrPath([String])
        /// A path; relative ones are relative to the file's folder.
        case path
        case duration(atLeast: Duration, atMost: Duration)
        /// A duration without a fraction of a second.
        case wholeSeconds(ClosedRange<Int>)
        case size(atLeast: Int, atMost: Int)
        case integer(ClosedRange<Int>)
        /// `100/s`; 0 for no limit.
        case rate(ClosedRange<Int>)
        case boolean
        case choice([String])
        /// A whole number, or one of those words.
        case integerOr([String], ClosedRange<Int>)
        /// A decimal number of at least 1, or one of those words.
        case decimalOr([String])
        /// An IP address that is not unspecified, or one of those words.
        case addressOr([String])
        /// `1.2` and the like.
        case version
        /// An address and port to listen on, or `unix:` and a path.
        case bindAddress
        /// A server's address: an address or a name with a port, or `unix:` and a path.
        case serverAddress
        /// A network, an address, or `unix`.
        case trustedProxies
        /// A host name, perhaps with `*.` in front.
        case hostName
        /// A status of HTTP, or a range of them.
        case statusRange
        /// A host name, or `*` for any.
        case servedName
        /// A name that the user chooses: 1 to 64 letters, digits, `-`, `_` and `.`.
        case name
        /// An application protocol: 1 to 255 printable characters.
        case applicationProtocol
    }
}
