/// Text of others on its way to a terminal.
package enum PlainText {
    /// Line by line without what a terminal would obey.
    package static func clean(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { TextLayout.clean(String($0)) }
            .joined(separator: "\n")
    }
}
