internal import RepriseVocabulary

/// How a plain value of the file is read, and how the file would write it.
struct Codec<Value> {
    /// What may stand there, for checks, schema and documents.
    let scalar: Shape.Scalar
    /// `nil` for what has a fault already.
    let read: (Reader) -> Value?
    let write: (Value) -> String

    /// A value with the place it was read from.
    static func located<Inner>(_ inner: Codec<Inner>) -> Self where Value == Located<Inner> {
        Self(
            scalar: inner.scalar, read: { reader in inner.read(reader).map { Located($0, reader.source) } },
            write: { inner.write($0.value) })
    }
}

extension Codec<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        Self(scalar: .duration(atLeast: range.lowerBound, atMost: range.upperBound), read: \.duration, write: \.written)
    }

    static func wholeSeconds(_ range: ClosedRange<Int>) -> Self {
        Self(scalar: .wholeSeconds(range), read: \.duration, write: \.written)
    }
}

extension Codec<ByteCount> {
    static func size(_ range: ClosedRange<Int>) -> Self {
        Self(scalar: .size(atLeast: range.lowerBound, atMost: range.upperBound), read: \.size, write: \.description)
    }
}

extension Codec<Int> {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(scalar: .integer(range), read: \.integer, write: \.description)
    }

    /// A number in a second; 0 for any.
    static func rate(_ range: ClosedRange<Int>) -> Self {
        Self(scalar: .rate(range), read: \.rate, write: { $0 == 0 ? "0" : "\($0)/s" })
    }
}

extension Codec<Bool> {
    static var boolean: Self { Self(scalar: .boolean, read: \.boolean, write: \.description) }
}

extension Codec<String> {
    static var text: Self { plain(.text) }
    static var name: Self { plain(.name) }
    static var servedName: Self { plain(.servedName) }
    static var applicationProtocol: Self { plain(.applicationProtocol) }

    private static func plain(_ scalar: Shape.Scalar) -> Self { Self(scalar: scalar, read: \.text, write: \.self) }
}

extension Codec<TLSVersion> {
    static var version: Self {
        Self(scalar: .version, read: { $0.text.flatMap(TLSVersion.init(parsing:)) }, write: \.number)
    }
}

extension Codec<NamePattern> {
    static var hostName: Self {
        Self(scalar: .hostName, read: { $0.text.flatMap(NamePattern.init) }, write: \.description)
    }
}

extension Codec<FileReference> {
    /// Relative paths are relative to the file's folder.
    static var file: Self { Self(scalar: .path, read: \.reference, write: \.path) }
}

extension Codec<Endpoint> {
    static var bindAddress: Self { Self(scalar: .bindAddress, read: \.endpoint, write: \.description) }
}

extension Codec<TrustedProxies> {
    static var trustedProxies: Self {
        Self(scalar: .trustedProxies, read: { $0.text.flatMap(TrustedProxies.init(parsing:)) }, write: \.description)
    }
}

extension Codec<ServerAddress> {
    static var serverAddress: Self {
        Self(scalar: .serverAddress, read: { $0.text.flatMap(ServerAddress.init(parsing:)) }, write: \.description)
    }
}

extension Codec<WorkerCount> {
    static func workers(_ range: ClosedRange<Int>) -> Self {
        Self(
            scalar: .integerOr(["auto"], range),
            read: { $0.text == "auto" ? .auto : $0.integer.map(WorkerCount.count) }, write: \.description)
    }
}

extension Codec<ServiceClass> {
    static var serviceClass: Self {
        Self(
            scalar: .integerOr(ServiceClass.words, 0...63), read: { $0.text.flatMap(ServiceClass.init(parsing:)) },
            write: \.description)
    }
}

extension Codec<SourceAddress> {
    static var sourceAddress: Self {
        Self(
            scalar: .addressOr([SourceAddress.word]), read: { $0.text.flatMap(SourceAddress.init(parsing:)) },
            write: \.description)
    }
}

extension Codec<LogTarget> {
    /// Relative paths are relative to the file's folder.
    static var logTarget: Self {
        Self(
            scalar: .wordOrPath(LogTarget.words),
            read: { reader in
                guard let text = reader.text, let path = reader.reference?.path else { return nil }
                return LogTarget(word: text, orPath: path)
            }, write: \.description)
    }
}

extension Codec<LoadBound> {
    static var loadBound: Self {
        Self(
            scalar: .decimalOr(["unlimited"]),
            read: { $0.text == "unlimited" ? .unlimited : $0.text.flatMap(Double.init).map(LoadBound.share) },
            write: \.description)
    }
}

extension Codec where Value: ClosedList {
    /// One of a closed list's words.
    static var word: Self {
        Self(scalar: .choice(Value.words), read: { $0.text.flatMap(Value.init(word:)) }, write: \.word)
    }
}

extension Codec where Value: CaseIterable & RawRepresentable<String> {
    /// One of a closed list's words.
    static var choice: Self {
        Self(
            scalar: .choice(Value.allCases.map(\.rawValue)), read: { $0.text.flatMap(Value.init(rawValue:)) },
            write: \.rawValue)
    }
}
