import Foundation
import Glibc
import RepriseTestSupport

/// Other people's servers and balancers: which of them are installed, with the parts that the tests need.
enum ForeignPrograms {
    /// Where a program is; servers are often where only root looks for them.
    static func path(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// What a program says, on either stream; `nil` when it is missing or fails.
    private static func told(_ name: String, _ arguments: [String]) -> String? {
        guard let program = path(name), let result = try? Shell.run([program] + arguments), result.status == 0 else {
            return nil
        }
        return result.output + result.errors
    }

    private static func hasUser(_ name: String) -> Bool { getpwnam(name) != nil }

    private static let nginxParts = told("nginx", ["-V"]) ?? ""

    /// nginx, which can take the client's address from a header.
    static let nginx = nginxParts.contains("--with-http_realip_module")

    /// How the stream module comes into nginx's configuration; `nil` when it is missing.
    static let nginxStreamLine: String? = {
        guard nginxParts.contains("--with-stream_realip_module") else { return nil }
        guard nginxParts.contains("--with-stream=dynamic") else { return "" }
        let folder = nginxParts.firstMatch(of: #/--modules-path=(\S+)/#).map { String($0.1) } ?? ""
        let module = "\(folder)/ngx_stream_module.so"
        return access(module, R_OK) == 0 ? "load_module \(module);" : nil
    }()
    static let nginxStream = nginxStreamLine != nil

    /// HAProxy, which knows every option that the tests use.
    static let haproxy: Bool = {
        let file = RepriseProcess.temporaryFolder().appending(path: "haproxy.cfg")
        let text = """
            \(ForeignServer.haproxyDefaults)
            frontend web
                mode http
                bind 127.0.0.1:1 accept-proxy
                unique-id-format %ci
                http-request return status 200 content-type text/plain lf-string "%[fc_pp_authority]%[fc_pp_unique_id]"
                default_backend onwards
            backend onwards
                mode http
                server a 127.0.0.1:1 send-proxy-v2 check-send-proxy proxy-v2-options crc32c,authority,unique-id,cert-cn

            """
        try? Data(text.utf8).write(to: file)
        return told("haproxy", ["-c", "-f", file.path]) != nil
    }()

    /// Dovecot with IMAP; it starts its processes as several users.
    static let dovecot =
        geteuid() == 0 && hasUser("dovenull") && told("dovecot", ["--version"]) != nil
        && access("/usr/lib/dovecot/imap-login", X_OK) == 0

    /// Postfix, whose smtpd can take a header; it starts its processes as several users.
    static let postfix =
        geteuid() == 0 && hasUser("postfix")
        && told("postconf", ["-d", "smtpd_upstream_proxy_protocol"])?.contains("=") == true

    /// The folder of Postfix's own programs.
    static let postfixPrograms =
        told("postconf", ["-dh", "daemon_directory"])?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""

    /// Who hitch becomes: it does not work as root.
    static let hitchUser = ["_hitch", "hitch"].first(where: hasUser)
    static let hitch =
        (geteuid() != 0 || hitchUser != nil) && told("hitch", ["--help"])?.contains("--proxy-proxy") == true
}
