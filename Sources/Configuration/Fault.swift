/// A place in the configuration file.
package struct Source: Sendable, Hashable {
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1.
    package let column: Int
    /// The option, such as `listeners[0].timeouts.idle`; empty for the file as a whole.
    package let path: String

    package init(file: String, line: Int, column: Int, path: String) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
    }

    /// The place of a value that is in no file.
    package static let nowhere = Source(file: "", line: 1, column: 1, path: "")
}

extension Source: CustomStringConvertible {
    /// `file:line:column: path`, on one printable line
    package var description: String {
        "\(file):\(line):\(column)".printable + (path.isEmpty ? "" : ": \(path.printable)")
    }
}

/// Something wrong, or worth a warning, at a place in the configuration file.
package struct Fault: Sendable, Hashable {
    package let source: Source
    /// What was expected, and what was found.
    package let message: String

    package init(source: Source, message: String) {
        self.source = source
        self.message = message
    }
}

extension Fault: CustomStringConvertible {
    /// The longest message: every name and value in it is shorter already.
    private static let maximumMessage = 1000

    /// `file:line:column: path: what was expected, what was found`, on one printable line: every quote from the file or
    /// from the system passes through here.
    package var description: String { "\(source): \(message.shortened(to: Self.maximumMessage).printable)" }
}

extension Fault: Comparable {
    /// In the order of the file.
    package static func < (left: Fault, right: Fault) -> Bool {
        (left.source.line, left.source.column, left.source.path, left.message)
            < (right.source.line, right.source.column, right.source.path, right.message)
    }
}

/// Where in the file something stands. It is equal to any other: a plan does not change because a comment moved
/// something.
package struct Place: Sendable, Hashable {
    /// `nil` for a value that is not in the file.
    package let source: Source?

    package init(_ source: Source? = nil) {
        self.source = source
    }

    package static func == (left: Place, right: Place) -> Bool { true }

    package func hash(into hasher: inout Hasher) {}
}

/// A value and the place it was read from.
package struct Located<Value: Sendable & Hashable>: Sendable, Hashable {
    package let value: Value
    private let place: Place

    package init(_ value: Value, _ source: Source) {
        self.value = value
        place = Place(source)
    }

    package var source: Source { place.source ?? .nowhere }
}

/// A file that the configuration names.
package struct FileReference: Sendable, Hashable {
    /// The path to open: absolute, or relative to the working directory.
    package let path: String
    private let place: Place

    package init(path: String, source: Source) {
        self.path = path
        place = Place(source)
    }

    package var source: Source { place.source ?? .nowhere }
    /// The path as far as a message has room for it.
    package var shownPath: String { path.shortened(to: 256) }

    /// The value of a required file before it is read.
    static let none = FileReference(path: "", source: .nowhere)
}
