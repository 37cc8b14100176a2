/// A part of a plan that a mapping of the file is read into. Its initial values are the defaults.
protocol OptionGroup {
    init()
    /// The keys of the mapping, in the order of the documents.
    static var options: [Option<Self>] { get }
    /// Where it keeps the mapping's place, if it does.
    static var place: WritableKeyPath<Self, Place>? { get }
    /// Whether it has all required values: a list leaves out an element without them.
    var isWhole: Bool { get }
}

extension OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { nil }
    var isWhole: Bool { true }

    /// Replaces its values with those of a mapping.
    mutating func read(_ reader: Reader, _ options: [Option<Self>] = Self.options) {
        if let place = Self.place { self[keyPath: place] = Place(reader.source) }
        for option in options { if let value = reader[option.key.name] { option.read(value, &self) } }
    }

    /// The same where a plain value may stand for the most important key.
    fileprivate mutating func read<Value>(
        _ reader: Reader, _ options: [Option<Self>], or codec: Codec<Value>, as short: WritableKeyPath<Self, Value>
    ) {
        // A plain value has no keys.
        read(reader, options)
        if !reader.isMapping, let value = codec.read(reader) { self[keyPath: short] = value }
    }
}

/// The one declaration of a key of the file: its name, what it holds and between which bounds, its default, what it
/// means, and where in the plan its value goes. Shape, schema, documents and reading follow from it.
///
/// The default is the initial value of the plan's part, so that it too is written once.
struct Option<Root> {
    let key: Shape.Key
    /// Puts the key's value into the plan; skips a value that has a fault already.
    let read: (Reader, inout Root) -> Void
}

extension Option where Root: OptionGroup {
    /// A plain value.
    ///
    /// - Parameters:
    ///   - defaultText: the name of the default, where it is not the initial value of the plan.
    ///   - place: where the plan keeps the value's place in the file.
    static func value<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value>, _ codec: Codec<Value>, defaultText: String? = nil,
        place: WritableKeyPath<Root, Place>? = nil, availability: Availability = .inForce, _ about: String
    ) -> Self {
        let key = Shape.Key(
            name, .scalar(codec.scalar), defaultText: defaultText ?? codec.write(Root()[keyPath: path]),
            isDefaultInWords: defaultText != nil, availability: availability, about)
        return Self(key: key) {
            guard let value = codec.read($0) else { return }
            $1[keyPath: path] = value
            if let place { $1[keyPath: place] = Place($0.source) }
        }
    }

    /// A plain value that may be missing.
    ///
    /// - Parameter defaultText: describes what applies without it; `nil` when nothing does.
    static func optional<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value?>, _ codec: Codec<Value>, defaultText: String? = nil,
        required: Bool = false, availability: Availability = .inForce, _ about: String
    ) -> Self {
        let key = Shape.Key(
            name, .scalar(codec.scalar), required: required, defaultText: defaultText, isDefaultInWords: true,
            availability: availability, about)
        return Self(key: key) { if let value = codec.read($0) { $1[keyPath: path] = value } }
    }

    /// A plain value without a default, usually a required one.
    static func required<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value>, _ codec: Codec<Value>, always: Bool = true,
        _ about: String
    ) -> Self {
        Self(key: Shape.Key(name, .scalar(codec.scalar), required: always, about)) {
            if let value = codec.read($0) { $1[keyPath: path] = value }
        }
    }

    /// A list of plain values.
    ///
    /// - Parameters:
    ///   - atLeast: how many it has where it is written.
    ///   - required: whether it must be written; by default when it may not be empty.
    static func list<Value>(
        _ name: String, _ path: WritableKeyPath<Root, [Value]>, of codec: Codec<Value>, atLeast: Int = 0,
        required: Bool? = nil, defaultText: String? = "[]", _ about: String
    ) -> Self {
        let key = Shape.Key(
            name, .list(of: .scalar(codec.scalar), atLeast: atLeast), required: required ?? (atLeast > 0),
            defaultText: atLeast > 0 ? nil : defaultText, about)
        return Self(key: key) { $1[keyPath: path] = $0.elements.compactMap(codec.read) }
    }

    /// A mapping with keys of its own; keys that are not in the file keep their values.
    static func group<Inner: OptionGroup>(
        _ name: String, _ path: WritableKeyPath<Root, Inner>, required: Bool = false, _ about: String
    ) -> Self {
        let options = Inner.options
        return Self(key: Shape.Key(name, .mapping(options.map(\.key)), required: required, about)) {
            $1[keyPath: path].read($0, options)
        }
    }

    /// The same for a mapping that has no effect when it is missing or empty.
    static func group<Inner: OptionGroup>(
        _ name: String, _ path: WritableKeyPath<Root, Inner?>, _ about: String
    ) -> Self {
        let options = Inner.options
        return Self(key: Shape.Key(name, .mapping(options.map(\.key)), about)) {
            var inner = Inner()
            inner.read($0, options)
            $1[keyPath: path] = inner.isWhole && !$0.isEmptyMapping ? inner : nil
        }
    }

    /// The same for a mapping that stands for all defaults when it is empty.
    static func whole<Inner: OptionGroup>(
        _ name: String, _ path: WritableKeyPath<Root, Inner?>, _ about: String
    ) -> Self {
        let options = Inner.options
        return Self(key: Shape.Key(name, .mapping(options.map(\.key)), isMeantEmpty: true, about)) {
            guard $0.isMapping else { return }
            var inner = Inner()
            inner.read($0, options)
            $1[keyPath: path] = inner
        }
    }

    /// A list of mappings.
    ///
    /// - Parameter first: the initial value of each, from what was read before.
    static func groups<Inner: OptionGroup>(
        _ name: String, _ path: WritableKeyPath<Root, [Inner]>,
        startingWith first: @escaping (Root) -> Inner = { _ in Inner() }, required: Bool = true,
        _ about: String
    ) -> Self {
        let options = Inner.options
        let key = Shape.Key(name, .list(of: .mapping(options.map(\.key)), atLeast: 1), required: required, about)
        return Self(key: key) { reader, root in
            root[keyPath: path] += parts(reader.elements, first(root)) { $1.read($0, options) }
        }
    }

    /// A list of mappings, or of plain values that stand for the most important key of one.
    static func groups<Inner: OptionGroup, Value>(
        _ name: String, _ path: WritableKeyPath<Root, [Inner]>, or codec: Codec<Value>,
        as short: WritableKeyPath<Inner, Value>, _ about: String
    ) -> Self {
        let options = Inner.options
        let shape = Shape.list(of: .either(codec.scalar, options.map(\.key)), atLeast: 1)
        return Self(key: Shape.Key(name, shape, required: true, about)) {
            $1[keyPath: path] += parts($0.elements, Inner()) { $1.read($0, options, or: codec, as: short) }
        }
    }

    private static func parts<Inner: OptionGroup>(
        _ readers: [Reader], _ first: Inner, _ read: (Reader, inout Inner) -> Void
    ) -> [Inner] {
        readers.compactMap { reader in
            var inner = first
            read(reader, &inner)
            return inner.isWhole ? inner : nil
        }
    }

    /// Values by words, in the file's order.
    ///
    /// - Parameter set: gives a word its value; a check of its own reports words that mean nothing.
    static func dictionary<Value>(
        _ name: String, of codec: Codec<Value>, set: @escaping (inout Root, String, Value) -> Void, _ about: String
    ) -> Self {
        Self(key: Shape.Key(name, .dictionary(.scalar(codec.scalar)), about)) {
            for (key, value) in $0.entries { if let value = codec.read(value) { set(&$1, key, value) } }
        }
    }

    /// Mappings by words, in the file's order, or plain values that stand for the most important key of one.
    static func dictionary<Inner: OptionGroup, Value>(
        _ name: String, of inner: Inner.Type, or codec: Codec<Value>, as short: WritableKeyPath<Inner, Value>,
        set: @escaping (inout Root, String, Inner) -> Void, _ about: String
    ) -> Self {
        let options = Inner.options
        let shape = Shape.dictionary(.either(codec.scalar, options.map(\.key)))
        return Self(key: Shape.Key(name, shape, about)) {
            for (key, value) in $0.entries {
                for part in parts([value], Inner(), { $1.read($0, options, or: codec, as: short) }) {
                    set(&$1, key, part)
                }
            }
        }
    }

    /// A key that this version does not act on.
    static func later(
        _ name: String, _ shape: Shape, defaultText: String? = nil, _ availability: Availability, _ about: String
    ) -> Self {
        Self(key: Shape.Key(name, shape, defaultText: defaultText, availability: availability, about)) { _, _ in }
    }
}
