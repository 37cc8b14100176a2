import Foundation

/// A public type, and the examples in its doc comment.
struct PublicType {
    let name: String
    let place: String
    let isNested: Bool
    let examples: [String]
}

/// The public types of the sources, read as text.
enum PublicTypes {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func all() -> [PublicType] {
        let base = root.appending(path: "Sources")
        let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().flatMap { path -> [PublicType] in
            guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8) else { return [] }
            return types(in: text, of: "Sources/\(path)")
        }
    }

    private static func types(in text: String, of path: String) -> [PublicType] {
        let declaration = /^( *)public (?:final |indirect )?(?:class|struct|enum|protocol|actor) (\w+)/
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var comment: [String] = []
        var found: [PublicType] = []
        for (number, line) in lines.enumerated() {
            let trimmed = line.drop { $0 == " " }
            if trimmed.hasPrefix("///") {
                comment.append(String(trimmed.dropFirst(trimmed.hasPrefix("/// ") ? 4 : 3)))
                continue
            }
            // Attributes stand between a comment and what it is of.
            if trimmed.hasPrefix("@") { continue }
            if let match = line.prefixMatch(of: declaration) {
                found.append(
                    PublicType(
                        name: String(match.2), place: "\(path):\(number + 1)", isNested: !match.1.isEmpty,
                        examples: examples(in: comment)))
            }
            comment = []
        }
        return found
    }

    private static func examples(in comment: [String]) -> [String] {
        comment.joined(separator: "\n").matches(of: /```swift\n((?s).*?)\n```/).map { String($0.1) }
    }
}
