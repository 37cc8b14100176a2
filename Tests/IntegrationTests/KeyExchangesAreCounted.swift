import Foundation
import RepriseTLS
import RepriseTestSupport
import Testing

/// The group of the key exchange, as the client's own libssl names it, is in the log, and counted by what it withstands.
@Suite(.waits) struct KeyExchangesAreCounted {
    /// From OpenSSL 3.5 on.
    private static let hasLattices = TLSSettings.intermediate.groups.contains("X25519MLKEM768")

    private func start(_ tls: String = "") throws -> RepriseProcess {
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.tls = tls
        return try configuration.start()
    }

    /// Has openssl offer one group, or all that it has.
    private func visit(_ reprise: RepriseProcess, _ group: String?) throws {
        let result = try Shell.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-ign_eof"]
                + (group.map { ["-groups", $0] } ?? []), input: "GET / HTTP/1.0\r\n\r\n")
        #expect(result.output.contains("200 OK"), "\(result)")
    }

    private func count(_ reprise: RepriseProcess, _ group: String) throws -> Double {
        try reprise.metric("reprise_handshakes_by_group_class_total{listener=\"web\",class=\"\(group)\"}")
    }

    @Test func `curves are classical`() throws {
        let reprise = try start()
        for (index, group) in ["X25519", "P-256", "P-384"].enumerated() {
            try visit(reprise, group)
            #expect(reprise.closedConnection(index + 1)["group"] == group)
        }
        #expect(try count(reprise, "classical") == 3)
        #expect(try count(reprise, "hybrid") == 0)
    }

    @Test(.enabled(if: hasLattices))
    func `the profile's hybrid group is what a client gets that offers it, alone or among all`() throws {
        let reprise = try start()
        for number in [1, 2] {
            try visit(reprise, number == 1 ? "X25519MLKEM768" : nil)
            #expect(reprise.closedConnection(number)["group"] == "X25519MLKEM768")
        }
        #expect(try count(reprise, "hybrid") == 2)
        #expect(try count(reprise, "classical") == 0)
    }

    @Test(.enabled(if: hasLattices))
    func `other hybrid groups and bare lattices serve where the file names them`() throws {
        let reprise = try start("groups: \"SecP256r1MLKEM768:SecP384r1MLKEM1024:MLKEM768:X25519\"")
        for (index, group) in ["SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM768", "X25519"].enumerated() {
            try visit(reprise, group)
            #expect(reprise.closedConnection(index + 1)["group"] == group)
        }
        #expect(try count(reprise, "hybrid") == 2)
        #expect(try count(reprise, "lattice") == 1)
        #expect(try count(reprise, "classical") == 1)
    }
}
