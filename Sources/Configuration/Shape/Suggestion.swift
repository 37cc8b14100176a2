/// Finds the word that a mistyped one may stand for.
package enum Suggestion {
    /// The closest of the words: at most two edits away, or one that begins with what was written.
    static func closest(to word: String, among words: [String]) -> String? {
        let near = words.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        if let near, near.1 <= (word.count > 3 ? 2 : 1) { return near.0 }
        guard word.count >= 3 else { return nil }
        return words.first { $0.hasPrefix(word) || word.hasPrefix($0) }
    }

    /// `, did you mean "x"?` or nothing.
    package static func clause(for word: String, among words: [String]) -> String {
        closest(to: word, among: words).map { ", did you mean \"\($0)\"?" } ?? ""
    }

    /// Levenshtein's distance, with a swap of neighbours for one edit.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        guard left.count <= 64, right.count <= 64 else { return .max }
        var rows = [[Int]](repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
        for i in 0...left.count { rows[i][0] = i }
        for j in 0...right.count { rows[0][j] = j }
        for i in 1..<max(1, left.count + 1) {
            for j in 1..<max(1, right.count + 1) {
                let change = left[i - 1] == right[j - 1] ? 0 : 1
                rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change)
                let isSwap = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]
                if isSwap { rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1) }
            }
        }
        return rows[left.count][right.count]
    }
}
