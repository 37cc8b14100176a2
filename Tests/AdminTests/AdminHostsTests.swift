import RepriseAdmin
import RepriseEventLoop
import RepriseMetrics
import Testing

/// DNS rebinding: a page that has pointed its own name at this machine sends that name.
@Suite struct AdminHostsTests {
    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:9443", "10.0.0.7:80", "[::1]", "[::1]:9443", "localhost", "LOCALHOST:9443",
        "localhost.",
        "metrics.example.test", "metrics.example.test:9443", "Metrics.Example.Test", "localhost:",
    ])
    func `addresses, localhost and the names of the file are answered`(_ host: String) {
        #expect(AdminHosts(["metrics.example.test"]).allows(host))
    }

    @Test(arguments: [
        "evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "evil.test:9443", "", ":9443", "[evil.test]",
        "[::1", "[127.0.0.1]", "::1", "127.1", "0x7f000001", "localhost:evil", "localhost@evil.test",
        "evil.test/localhost",
        "*", "metrics.example.test.evil.test",
    ])
    func `every other name is refused`(_ host: String) {
        #expect(!AdminHosts(["metrics.example.test"]).allows(host))
    }

    @Test func `a star answers to any name`() {
        #expect(AdminHosts(["*"]).allows("evil.test"))
    }

    @Test func `HTTP 1.0 without a Host is answered`() {
        #expect(AdminHosts().allows(nil))
    }

    @Test(arguments: ["/metrics", "/healthz", "/", "/other"])
    func `a refused name reads nothing, and is told why`(_ path: String) {
        let answer = AdminResponder(registry: MetricRegistry())
            .answer(HTTPRequest(method: "GET", path: path, host: "evil.test"), isDraining: false)
        #expect(answer.status == 421)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.contains("DNS rebinding") && text.contains("admin.hosts") && !text.contains("evil"))
    }
}
