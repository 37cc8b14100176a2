internal import RepriseAdmin
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Asks the administrative endpoint of a running Reprise how it is.
package enum HealthProbe {
    /// How long the answer may take.
    static let deadline = Duration.seconds(3)

    /// The answer.
    package struct Answer: Sendable {
        package let isHealthy: Bool
        package let text: String
    }

    /// Sends GET /healthz to `address` and waits for the answer.
    package static func ask(_ address: String) -> Answer {
        guard let endpoint = Endpoint(parsing: address) else {
            return Answer(isHealthy: false, text: "\"\(address)\" is no address and port")
        }
        do throws(HTTPFetch.FetchError) {
            let answer = try HTTPFetch.get("/healthz", from: endpoint, deadline: deadline, limit: 1 << 16)
            return judge(answer, from: endpoint)
        } catch {
            return Answer(isHealthy: false, text: error.description)
        }
    }

    /// Trusts no 200 alone: any web server at that address would give it.
    private static func judge(_ response: String, from endpoint: Endpoint) -> Answer {
        guard !response.isEmpty else { return Answer(isHealthy: false, text: "\(endpoint) does not answer") }
        let lines = response.split(separator: "\r\n", omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }
        guard response.hasPrefix("HTTP/1."), head.contains("Server: \(AdminResponder.product)") else {
            return Answer(isHealthy: false, text: "\(endpoint) is not Reprise's admin endpoint")
        }
        let line = lines.dropFirst(head.count + 1).joined().prefix { !$0.isNewline }
        let isServing = head.first?.split(separator: " ").dropFirst().first == "200"
        return Answer(isHealthy: isServing && line == AdminResponder.healthy, text: String(line))
    }
}
