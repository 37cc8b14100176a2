import Foundation
import RepriseTestSupport
import Testing

/// What Reprise brings to libcrypto is in use where it can be, can be switched off, and speaks with a libssl that has none of it.
@Suite(.waits) struct OwnPartsAreUsed {
    private static let off = ["env", "REPRISE_PRIMITIVES=off", "REPRISE_MEMORY=off"]

    private func start(_ tls: String = "", wrapper: [String] = []) throws -> RepriseProcess {
        let upstream = TestUpstream { peer in
            guard case .bytes = peer.receive() else { return peer.close() }
            peer.send(Array("HTTP/1.0 200 OK\r\n\r\nok\n".utf8))
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.tls = tls
        return try configuration.start(wrapper: wrapper)
    }

    private func inUse(_ reprise: RepriseProcess) throws -> [Double] {
        try ["primitives", "memory"].map {
            try reprise.metric("reprise_libcrypto_own_parts_in_use{part=\"\($0)\"}")
        }
    }

    @Test func `both are in use, but memory under a sanitizer`() throws {
        #expect(try inUse(start()) == [1, Sanitizer.isOn ? 0 : 1])
    }

    @Test func `the environment switches them off, and clients see no difference`() throws {
        let reprise = try start(wrapper: Self.off)
        #expect(try inUse(reprise) == [0, 0])
        try visit(reprise, ["-tls1_3"])
        #expect(reprise.closedConnection()["protocol"] == "TLSv1.3")
    }

    @Test(arguments: ["fips=yes", "?provider=legacy"])
    func `what the machine's configuration says of providers stands`(properties: String) throws {
        let folder = RepriseProcess.temporaryFolder()
        let file = folder.appending(path: "openssl.cnf")
        try Data(
            "openssl_conf = a\n[a]\nalg_section = e\n[e]\ndefault_properties = \(properties)\n".utf8
        ).write(to: file)
        let result = try Shell.run(
            ["env", "OPENSSL_CONF=\(file.path)", RepriseProcess.program.path, "check", "-c", "/dev/null"])
        // Without such a module there is nothing to serve with; no other's primitives are taken, and none are complained of.
        #expect(result.errors.contains("OpenSSL has no") == (properties == "fips=yes"), "\(result)")
        #expect(!result.errors.contains("Reprise's own"), "\(result)")
    }

    /// openssl's client derives everything by libcrypto's own. Without encrypt-then-MAC the MAC of a record in CBC mode is
    /// computed in constant time, a way of its own.
    @Test(arguments: [
        ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], ["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"],
        ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256", "-no_etm"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384", "-no_etm"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA", "-no_etm"],
        ["-tls1_1", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"],
    ])
    func `openssl's client is served in every suite, anew and resumed`(client: [String]) throws {
        let reprise = try start("profile: old")
        let session = RepriseProcess.temporaryFolder().appending(path: "session.pem").path
        try visit(reprise, client + ["-sess_out", session])
        try visit(reprise, client + ["-sess_in", session])
        let lines = [reprise.closedConnection(1), reprise.closedConnection(2)]
        #expect(lines[0]["resumed"] == "no" && lines[1]["resumed"] != "no", "\(lines)")
    }

    private func visit(_ reprise: RepriseProcess, _ client: [String]) throws {
        let result = try Shell.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-ign_eof", "-servername", "localhost"]
                + client, input: "GET / HTTP/1.0\r\n\r\n")
        #expect(result.output.contains("200 OK"), "\(result)")
    }
}
