/// Counts kinds of handshakes at both, and prints them side by side.
func printTable(_ carriers: [String]) throws {
    defer { Callgrind.clean() }
    row("handshake", "Reprise", "libssl", "ratio", "ticket bytes")
    for carrier in carriers {
        let ours = try Callgrind.count(carrier, "reprise")
        let theirs = try Callgrind.count(carrier, "libssl")
        let ratio = ours.instructions / theirs.instructions
        row(
            carrier, String(Int(ours.instructions)), String(Int(theirs.instructions)),
            String(Double(Int(ratio * 10_000 + 0.5)) / 10_000), "\(ours.ticketBytes) \(theirs.ticketBytes)")
    }
}

private func row(_ columns: String...) {
    print(columns.map { $0 + String(repeating: " ", count: max(1, 18 - $0.count)) }.joined())
}
