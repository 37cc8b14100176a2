import Foundation
import Glibc
import RepriseTestSupport

/// Another's server in a folder of its own, which ends with everything that it has started.
final class ForeignServer {
    let folder: URL
    let ports: [Int]
    var port: Int { ports[0] }
    private let process: ChildProcess

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts a program, and waits until it listens at its ports.
    ///
    /// - Parameters:
    ///   - command: DIR in it stands for its folder.
    ///   - prepare: puts more into the folder.
    ///   - configurationName: where in the folder the configuration is.
    init(
        _ command: [String], ports count: Int = 1, prepare: (URL) throws -> Void = { _ in },
        configurationName: String = "configuration",
        configuration: (_ folder: String, _ ports: [Int]) -> String
    ) throws {
        let program = command[0].contains("/") ? command[0] : ForeignPrograms.path(command[0])
        guard let program else {
            throw StartFailure(description: "no \(command[0])")
        }
        var failure = ""
        // Somebody else may have taken a port before the program does.
        for _ in 0..<3 {
            let (folder, ports) = (RepriseProcess.temporaryFolder(), Loopback.freePorts(count))
            try prepare(folder)
            let text = configuration(folder.path, ports)
            try Data(text.utf8).write(to: folder.appending(path: configurationName))
            let arguments = command.dropFirst().map { $0.replacing("DIR", with: folder.path) }
            let output = open(folder.path + "/output", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(output) }
            // In a session of its own: with it goes all that the program forks.
            let process = try ChildProcess(
                ["setsid", program] + arguments, output: .descriptor(output), errors: .descriptor(output))
            let listens = eventually(within: 15) { !process.isRunning || Self.isListening(process, at: ports) }
            if listens, process.isRunning {
                (self.folder, self.ports, self.process) = (folder, ports, process)
                return
            }
            Self.end(process)
            failure = Self.text(folder, "output")
        }
        throw StartFailure(description: "\(command[0]) did not start:\n\(failure)")
    }

    deinit { Self.end(process) }

    private static func end(_ process: ChildProcess) {
        kill(-process.id, SIGKILL)
        process.signal(SIGKILL)
        _ = process.waitForStatus()
    }

    /// Looks into the kernel's table, since a connection would be a visit to the server, and might be one to another.
    private static func isListening(_ process: ChildProcess, at ports: [Int]) -> Bool {
        var sockets: [Int: String] = [:]
        for row in listeners() {
            let port = row[1].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
            if ports.contains(port) { sockets[port] = "socket:[\(row[9])]" }
        }
        return sockets.count == ports.count && openFiles(of: process).isSuperset(of: sockets.values)
    }

    /// The table's rows of sockets that listen. They come first; behind them may be those of thousands of connections,
    /// which would take longer to read than a server takes to start.
    private static func listeners() -> [[Substring]] {
        let table = open("/proc/net/tcp", O_RDONLY | O_CLOEXEC)
        defer { close(table) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var (text, rows): (Substring, [[Substring]]) = ("", [])
        while true {
            let count = read(table, &buffer, buffer.count)
            guard count > 0 else { return rows }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
            while let end = text.firstIndex(of: "\n") {
                let row = text[..<end].split(separator: " ")
                text = text[text.index(after: end)...]
                guard row.count > 9, row[0] != "sl" else { continue }
                guard row[3] == "0A" else { return rows }
                rows.append(row)
            }
        }
    }

    /// What the processes of a session have open.
    private static func openFiles(of process: ChildProcess) -> Set<String> {
        let files = FileManager.default
        var open: Set<String> = []
        for id in ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap({ pid_t($0) })
        where getpgid(id) == process.id {
            for name in (try? files.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? [] {
                if let file = try? files.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\(name)") {
                    open.insert(file)
                }
            }
        }
        return open
    }

    private static func text(_ folder: URL, _ name: String) -> String {
        let data = (try? Data(contentsOf: folder.appending(path: name))) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// What it has said.
    var output: String { text("output") }
    /// A file in its folder.
    func text(_ name: String) -> String { Self.text(folder, name) }
}

// MARK: Those that several suites start

extension ForeignServer {
    static let haproxyDefaults = """
        global
            nbthread 1
            maxconn 200
            log stderr format raw local0
        defaults
            mode tcp
            log global
            timeout connect 15s
            timeout client 60s
            timeout server 60s
        """

    static func haproxy(
        ports: Int = 1, prepare: (URL) throws -> Void = { _ in }, _ rest: (_ folder: String, _ ports: [Int]) -> String
    ) throws -> ForeignServer {
        try ForeignServer(["haproxy", "-db", "-f", "DIR/configuration"], ports: ports, prepare: prepare) {
            "\(haproxyDefaults)\n\(rest($0, $1))\n"
        }
    }

    /// HAProxy as a server that says back what the header said.
    static func haproxySayingBack() throws -> ForeignServer {
        try haproxy { _, ports in
            """
            frontend web
                mode http
                bind 127.0.0.1:\(ports[0]) accept-proxy
                http-request return status 200 content-type text/plain lf-string \
            "client=%[src]:%[src_port] to=%[dst]:%[dst_port] authority=%[fc_pp_authority] id=%[fc_pp_unique_id]\\n"
            """
        }
    }

    static func nginx(_ rest: (_ ports: [Int]) -> String, load: String = "") throws -> ForeignServer {
        try ForeignServer(["nginx", "-p", "DIR", "-c", "DIR/configuration"]) { folder, ports in
            """
            \(load)
            daemon off;
            worker_processes 1;
            \(geteuid() == 0 ? "user root;" : "")
            pid \(folder)/pid;
            error_log \(folder)/log info;
            events { worker_connections 64; }
            \(rest(ports))

            """
        }
    }

    static func hitch(to backend: Int, _ options: String) throws -> ForeignServer {
        try ForeignServer(
            ["hitch", "--config=DIR/configuration"],
            prepare: { folder in
                try TestCertificates(in: folder).make("a", for: ["localhost"])
                try joinCertificate(in: folder)
            }
        ) { folder, ports in
            """
            frontend = "[127.0.0.1]:\(ports[0])"
            backend = "[127.0.0.1]:\(backend)"
            pem-file = "\(folder)/both.pem"
            workers = 1
            daemon = off
            \(geteuid() == 0 ? "user = \"\(ForeignPrograms.hitchUser ?? "")\"" : "")
            \(options)

            """
        }
    }

    /// Makes `both.pem` of `a.pem` and `a.key`: some programs want chain and key in one file.
    static func joinCertificate(in folder: URL) throws {
        let parts = try ["a.pem", "a.key"].map { try Data(contentsOf: folder.appending(path: $0)) }
        try (parts[0] + parts[1]).write(to: folder.appending(path: "both.pem"))
    }
}
