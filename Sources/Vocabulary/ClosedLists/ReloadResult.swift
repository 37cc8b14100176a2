/// What became of a file that was read again.
package enum ReloadResult: Int, ClosedList {
    case applied, refused

    package static let title = "Results of a reload"

    package var text: (word: String, meaning: String) {
        switch self {
        case .applied: ("applied", "What the file says now is in force.")
        case .refused: ("refused", "The file is wrong or cannot be read; what was in force before stays.")
        }
    }
}
