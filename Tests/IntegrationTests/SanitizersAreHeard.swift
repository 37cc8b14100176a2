import RepriseTestSupport
import Testing

@Suite(.waits) struct SanitizersAreHeard {
    @Test(.enabled(if: Sanitizer.isOn, "only under make sanitize"), arguments: ["WARNING: Thread", "ERROR: Leak"])
    func `a server that wrote a sanitizer's report fails its test`(report: String) throws {
        var reprise: RepriseProcess? = try TestConfiguration(TestUpstream.echo()).start(
            wrapper: ["sh", "-c", "echo '==1==\(report)Sanitizer: made up' >&2; exec \"$@\"", "sh"])
        #expect(reprise?.isRunning == true)
        withKnownIssue { reprise = nil }
    }
}
