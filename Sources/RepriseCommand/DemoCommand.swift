import ArgumentParser
import Reprise

/// `reprise demo`
struct DemoCommand: Serving {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Serve with a generated certificate and a built-in upstream.")

    @Option(help: "The address and port to listen on.")
    var bind = "127.0.0.1:8443"

    @Option(help: "The address and port of /metrics and /healthz.")
    var admin = "127.0.0.1:9443"

    func run() throws {
        let demo: Demo
        do {
            demo = try Demo(bind: bind, admin: admin, environment: Terminal.environment, log: Terminal.log)
        } catch {
            Terminal.complain("reprise: \(error)")
            throw ExitCode(error.exitCode)
        }
        let (bind, admin) = (bind, admin)
        demo.runToExit(report: Terminal.complain) {
            // It serves even when this cannot be written.
            try? Terminal.say(
                """

                Reprise serves. Try, in another shell; each answers "full handshake" first, and then "resumed":

                  curl -k https://\(bind)/ https://\(bind)/
                  curl -k --tls-max 1.2 https://\(bind)/ https://\(bind)/
                  for option in -sess_out -sess_in; do printf 'GET / HTTP/1.0\\r\\n\\r\\n' |
                    openssl s_client -connect \(bind) -quiet -ign_eof $option session.pem 2>/dev/null; done

                Or open https://\(bind)/ in a browser, and reload the page. What is counted: curl http://\(admin)/metrics

                Ctrl-C ends it.

                """)
        }
    }
}
