import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Servers that speak first learn who the client is while it is silent.
@Suite(.waits) struct MailServersTakeOurHeaders {
    /// A client that has had the server's greeting.
    private func greeted(
        by reprise: RepriseProcess, _ greeting: String, after header: [UInt8] = BetweenOthers.header
    ) throws -> SocketClient {
        let client = try SocketClient(port: reprise.port(), after: [header])
        let text = client.text(until: "\r\n")
        #expect(text.hasPrefix(greeting), "\(text)")
        return client
    }

    private func dovecot() throws -> ForeignServer {
        try ForeignServer(
            ["dovecot", "-F", "-c", "DIR/configuration"],
            prepare: { folder in
                let mail = folder.path + "/mail"
                try FileManager.default.createDirectory(atPath: mail, withIntermediateDirectories: true)
                #expect(chown(mail, Self.nobody, Self.nobody) == 0)
            }
        ) { folder, ports in
            """
            base_dir = \(folder)/run
            state_dir = \(folder)/state
            log_path = \(folder)/log
            protocols = imap
            ssl = no
            # A password is taken only over TLS.
            disable_plaintext_auth = yes
            auth_verbose = yes
            login_log_format_elements = user=<%u> rip=%r rport=%{rport} lip=%l lport=%{lport}
            mail_location = maildir:\(folder)/mail
            haproxy_trusted_networks = 127.0.0.1
            passdb {
              driver = static
              args = password=secret
            }
            userdb {
              driver = static
              args = uid=\(Self.nobody) gid=\(Self.nobody) home=\(folder)/mail
            }
            service imap-login {
              chroot =
              inet_listener imap {
                address = 127.0.0.1
                port = \(ports[0])
                haproxy = yes
              }
              inet_listener imaps {
                port = 0
              }
            }
            service anvil {
              chroot =
            }

            """
        }
    }

    private static let nobody: UInt32 = 65534

    @Test(.enabled(if: ForeignPrograms.dovecot, "Dovecot's IMAP is not installed, or this is not root"))
    func `Dovecot sees the client's address, and takes its password once it hears of TLS`() throws {
        let dovecot = try dovecot()
        let seen = "user=<me>, rip=192.0.2.1, rport=51000, lip=198.51.100.7, lport=443"
        for group in ["send_proxy: v1", "send_proxy: v2"] {
            let reprise = try BetweenOthers.reprise(to: dovecot.port, group)
            let client = try greeted(by: reprise, "* OK ")
            try client.say("a LOGIN me secret\r\n")
            let answer = client.text(until: "a NO")
            #expect(answer.contains("a NO [PRIVACYREQUIRED]"), "\(group): \(answer)")
            try client.say("b LOGOUT\r\n")
            #expect(client.text().contains("b OK"), "\(group)")
        }
        #expect(eventually(within: 15) { dovecot.text("log").ranges(of: seen).count == 2 }, "\(dovecot.text("log"))")
        let withTLS = "send_proxy: v2\n    proxy_tlvs: [alpn, authority, ssl, unique_id, crc32c]"
        let reprise = try BetweenOthers.reprise(to: dovecot.port, withTLS)
        let client = try greeted(by: reprise, "* OK ")
        try client.say("a LOGIN me secret\r\n")
        let answer = client.text(until: "a OK")
        #expect(answer.contains("a OK"), "\(answer)")
        try client.say("b LOGOUT\r\n")
        #expect(client.text().contains("b OK"))
        _ = try greeted(by: reprise, "* OK ", after: BetweenOthers.unknown)
        let log = { dovecot.text("log") }
        #expect(eventually(within: 15) { log().contains("Login: \(seen)") }, "\(log())")
    }

    // MARK: Postfix

    private func postfix() throws -> ForeignServer {
        guard let postfix = getpwnam("postfix") else { preconditionFailure("no user postfix") }
        let (user, group) = (postfix.pointee.pw_uid, postfix.pointee.pw_gid)
        // The daemon itself: `postfix start-fg` would leave it behind when it is killed.
        return try ForeignServer(
            ["\(ForeignPrograms.postfixPrograms)/master", "-d", "-c", "DIR"],
            prepare: { folder in
                let queue = ["active", "incoming", "maildrop", "pid", "private", "public"].map { "spool/\($0)" }
                for name in queue + ["data"] {
                    let path = folder.path + "/" + name
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                    #expect(name.hasSuffix("pid") || chown(path, user, group) == 0)
                }
                try Data(Self.postfixSettings(folder.path).utf8).write(to: folder.appending(path: "main.cf"))
            }, configurationName: "master.cf"
        ) { _, ports in
            """
            127.0.0.1:\(ports[0]) inet n - n - - smtpd
            rewrite unix - - n - - trivial-rewrite
            proxymap unix - - n - - proxymap
            anvil unix - - n - 1 anvil
            postlog unix-dgram n - n - 1 postlogd

            """
        }
    }

    private static func postfixSettings(_ folder: String) -> String {
        """
        compatibility_level = 3
        queue_directory = \(folder)/spool
        data_directory = \(folder)/data
        maillog_file = \(folder)/log
        maillog_file_prefixes = \(folder)
        inet_interfaces = 127.0.0.1
        myhostname = mail.example.test
        alias_maps =
        local_recipient_maps =
        # Its refusal says whom it sees.
        smtpd_client_restrictions = reject
        smtpd_peername_lookup = no
        smtpd_upstream_proxy_protocol = haproxy

        """
    }

    @Test(.enabled(if: ForeignPrograms.postfix, "Postfix is not installed, or this is not root"))
    func `Postfix greets a silent client, and knows its address`() throws {
        let postfix = try postfix()
        let withTLVs = "send_proxy: v2\n    proxy_tlvs: [alpn, authority, ssl, unique_id, crc32c]"
        for group in ["send_proxy: v1", "send_proxy: v2", withTLVs] {
            let reprise = try BetweenOthers.reprise(to: postfix.port, group)
            let client = try greeted(by: reprise, "220 mail.example.test ")
            for (said, expected) in [("EHLO x", "250 "), ("MAIL FROM:<a@example.test>", "250 2.1.0")] {
                try client.say("\(said)\r\n")
                let answer = client.text(until: expected)
                #expect(answer.contains(expected), "\(group): \(answer)")
            }
            try client.say("RCPT TO:<b@mail.example.test>\r\n")
            let answer = client.text(until: "\r\n")
            #expect(answer.contains("<unknown[192.0.2.1]>: Client host rejected"), "\(group): \(answer)")
            try client.say("QUIT\r\n")
            #expect(client.text().hasPrefix("221 "))
            // It refuses a client of version 1 that is not known.
            guard group != "send_proxy: v1" else { continue }
            _ = try greeted(by: reprise, "220 mail.example.test ", after: BetweenOthers.unknown)
        }
    }
}
