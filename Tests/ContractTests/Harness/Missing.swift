/// What a test needs is not there: it fails, and the others go on.
struct Missing: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
