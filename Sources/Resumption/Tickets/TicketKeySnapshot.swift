package import RepriseVocabulary

/// What an operator may know of a ticket key.
package struct TicketKeySnapshot: Sendable, Hashable {
    /// What a key does now.
    package enum Role: String, Sendable {
        /// It seals new tickets, and opens.
        case seals
        /// It will seal; it opens tickets that another node has sealed with it already.
        case ahead
        /// It opens what it sealed before.
        case opens
        /// It no longer does anything, but is not wiped yet because the clock has just leapt.
        case past
    }

    /// Eight hexadecimal digits of the public name.
    package let name: String
    package let role: Role
    /// When it begins to seal; `nil` when it always might.
    package let notBefore: WallTime?
    /// When it ceases to open; `nil` when it never does.
    package let notAfter: WallTime?

    init(_ key: TicketKey, _ role: Role) {
        name = key.name.description
        self.role = role
        notBefore = key.notBefore == .distantPast ? nil : key.notBefore
        notAfter = key.notAfter == .distantFuture ? nil : key.notAfter
    }
}
