import RepriseTestSupport
import Testing

/// The matrix of endings and carriers: whatever ends a connection, the client that comes back resumes.
@Suite(.waits) struct EveryEndingResumes {
    @Test(arguments: ["OpenSSL", "GnuTLS", "Python's ssl", "curl"])
    func `in every cell of the matrix a real client resumes`(_ name: String) async throws {
        let faults = try await onOwnThread { try Self.play(name) }
        #expect(faults.isEmpty, "\(faults)")
    }

    /// Plays all cells and prints them.
    ///
    /// - Returns: what is not as it should be.
    private static func play(_ name: String) throws -> [String] {
        let clients: [String: any MatrixClient] = [
            "OpenSSL": OpenSSLClient(), "GnuTLS": GnuTLSClient(), "Python's ssl": PythonSSLClient(),
            "curl": CurlClient(),
        ]
        let client = try #require(clients[name])
        let stage = try MatrixStage()
        var (table, faults): ([[String]], [String]) = ([[name] + MatrixColumn.all.map(\.description)], [])
        for way in EndingWay.allCases {
            var row = [way.rawValue]
            for column in MatrixColumn.all {
                guard client.canPlay(column) else {
                    row.append("-")
                    continue
                }
                let cell = try stage.play(way, column, client)
                let tickets = client.keepsAll ? column.tickets : 1
                row.append("\(cell)" + (tickets == column.tickets ? "" : " (one)"))
                let wanted = Array(repeating: "resumed", count: tickets)
                if cell.comebacks != wanted || !way.endings.contains(where: { cell.before == "not offered, \($0)" }) {
                    faults.append("\(way.rawValue), \(column): \(cell), after \(cell.before)")
                }
            }
            table.append(row)
        }
        print(text(table))
        return faults
    }

    private static func text(_ table: [[String]]) -> String {
        let widths = (table.first ?? []).indices.map { place in table.map { $0[place].count }.max() ?? 0 }
        let lines = table.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
        }
        return lines.joined(separator: "\n")
    }
}
