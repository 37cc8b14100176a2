package import RepriseVocabulary

/// How servers are asked whether they are well.
package struct HealthPlan: Sendable, Hashable {
    /// What a server must do.
    package enum Kind: String, Sendable, CaseIterable { case tcp, tls, http, exec }

    var place = Place()
    package var kind = Kind.tcp
    package var interval = Duration.seconds(2)
    package var jitter = 10
    package var timeout = Duration.seconds(1)
    package var rule = CheckRule()
    package var port: Int?
    package var sendProxy = ProxyProtocolVersion.off
    package var path = "/"
    package var host = "localhost"
    package var status = StatusRange(least: 200, most: 399)
    package var body = ""
    package var command: [String] = []
}

/// Statuses of HTTP: one, or from one to another.
package struct StatusRange: Sendable, Hashable, CustomStringConvertible {
    package let least: Int
    package let most: Int

    init(least: Int, most: Int) {
        (self.least, self.most) = (least, most)
    }

    /// Reads `200` or `200-399`; `nil` for anything else.
    init?(parsing text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map {
            Shape.Scalar.integer(String($0))
        }
        guard (1...2).contains(parts.count), let least = parts[0], let most = parts[parts.count - 1], least <= most,
            (100...599).contains(least), (100...599).contains(most)
        else { return nil }
        self.init(least: least, most: most)
    }

    package var description: String { least == most ? "\(least)" : "\(least)-\(most)" }
}
