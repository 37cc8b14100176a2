import RepriseConfiguration
import RepriseMetrics
import Testing

@testable import Reprise

@Suite struct ExplanationTests {
    @Test func `a word is explained with its meaning, its advice and its metric`() throws {
        let text = try #require(Explanation.of("timeout_idle"))
        #expect(
            text == """
                timeout_idle (endings)
                  Nothing moved for `timeouts.idle`.
                  whose it is: proxy
                  worth a retry: yes
                  what to do: If connections rest for longer on purpose, raise `timeouts.idle`, or let an end send keepalives.
                  metric: reprise_connections_ended_total{ending="timeout_idle"}
                """)
    }

    @Test func `a word with an argument is understood as the log prints it`() throws {
        let text = try #require(Explanation.of("alert_sent(handshake_failure)"))
        #expect(text.hasPrefix("alert_sent (endings)\n") && text.contains("\n  alert: handshake_failure\n"), "\(text)")
    }

    @Test func `a word of two lists is explained for both`() throws {
        let text = try #require(Explanation.of("client_reset"))
        #expect(text.contains("client_reset (endings)") && text.contains("client_reset (causes of a failed handshake)"))
        let handshakes = try #require(Explanation.of("handshakes"))
        #expect(handshakes.contains("(limits of a listener)") && handshakes.contains("limits.handshakes (option)"))
    }

    @Test(arguments: [
        "listeners[].tls.hosts[].client_auth.crl", "client_auth.crl", "crl", "listeners[0].tls.hosts.client_auth.crl",
    ])
    func `an option is found by its path, or by the end of it`(asked: String) throws {
        let text = try #require(Explanation.of(asked))
        #expect(text.hasPrefix("listeners.tls.hosts.client_auth.crl (option)\n"), "\(text)")
        #expect(text.contains("\n  holds: ") && text.contains("\n  default: "), "\(text)")
    }

    @Test func `an option says its range and its default`() throws {
        let text = try #require(Explanation.of("listeners.timeouts.idle"))
        #expect(text.contains("holds: a duration such as") && text.contains("default: 5m"), "\(text)")
    }

    @Test(arguments: [
        ("clint_fin", "client_fin"), ("timeouts.idel", nil), ("key_unknwon", "key_unknown"), ("crll", "crl"),
    ])
    func `an unknown word is nothing, and leads to the one that was meant`(asked: String, meant: String?) {
        #expect(Explanation.of(asked) == nil)
        if let meant { #expect(Explanation.hint(for: asked) == ", did you mean \"\(meant)\"?") }
    }

    @Test func `every word and every option is listed, and explained`() {
        let list = Explanation.list
        for word in Explanation.words {
            #expect(list.contains("\n  \(word)"), "\(word)")
            #expect(Explanation.of(word) != nil, "\(word)")
        }
    }

    @Test func `advice names only options and metrics that there are`() {
        let paths = ConfigurationDocument.paths
        let metrics = MetricCatalog.all.map(\.name)
        for word in ClosedWord.all {
            for match in (word.advice ?? "").matches(of: /`([a-z_]+(?:\.[a-z_]+)+)(?:: [a-z]+)?`/) {
                let path = String(match.output.1)
                #expect(paths.contains { $0 == path || $0.hasSuffix(".\(path)") }, "\(word.word): \(path)")
            }
            for match in (word.advice ?? "").matches(of: /`(reprise_[a-z_]+)`/) {
                #expect(metrics.contains(String(match.output.1)), "\(word.word): \(match.output.1)")
            }
        }
    }
}
