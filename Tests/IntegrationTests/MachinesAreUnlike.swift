import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// What machines are set up like, and what a process finds when it starts: never a crash, never a silence.
@Suite(.waits) struct MachinesAreUnlike {
    private let folder = RepriseProcess.temporaryFolder()
    private var program: String { RepriseProcess.program.path }

    @Test(
        .disabled(if: Sanitizer.isOn, "a sanitizer needs a usable system"),
        arguments: [
            ("legacy = p", "", "randomness"), ("base = p", "", "randomness"),
            ("default = p", "default_properties = fips=yes", "randomness"),
        ])
    func `an OpenSSL without the providers that TLS needs is an error in words`(
        provider: String, properties: String, missing: String
    ) throws {
        let file = folder.appending(path: "openssl.cnf").path
        let text = """
            openssl_conf = c
            [c]
            providers = ps
            alg_section = a
            [ps]
            \(provider)
            [p]
            activate = 1
            [a]
            \(properties)
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = folder.appending(path: "x.yaml").path
        try Data(TestConfiguration(TestUpstream.echo()).text.utf8).write(to: URL(fileURLWithPath: configuration))
        for command in [["check", "-c", configuration], ["serve", "-c", configuration], ["demo"]] {
            let result = try Shell.run(["env", "OPENSSL_CONF=\(file)", program] + command)
            #expect(result.status == 2, "\(command): \(result)")
            #expect(result.errors.contains("this machine's OpenSSL has no "), "\(command): \(result)")
            #expect(result.errors.contains(file), "\(command): \(result)")
        }
    }

    static let configurations: [(text: String?, words: String?)] = [
        (nil, "cannot be read: no such file"), ("/", "cannot be read: is a directory"), ("a = b\n[unended\n", "line 2"),
        ("a = b\n", nil),
    ]

    @Test(arguments: configurations)
    func `OpenSSL's configuration that is not in force is a warning`(text: String?, words: String?) throws {
        let file = folder.appending(path: "openssl.cnf").path
        if text == "/" {
            try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
        } else if let text {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = folder.appending(path: "x.yaml").path
        try Data(TestConfiguration(TestUpstream.echo()).text.utf8).write(to: URL(fileURLWithPath: configuration))
        let result = try Shell.run(["env", "OPENSSL_CONF=\(file)", program, "check", "-c", configuration])
        #expect(result.status == 0, "\(result)")
        if let words {
            #expect(result.errors.contains("warning: ") && result.errors.contains(file), "\(result)")
            #expect(result.errors.contains(words), "\(result)")
        } else {
            #expect(result.errors.isEmpty, "\(result)")
        }
    }

    @Test func `a command that is none is told, and nothing passes for done`() throws {
        for arguments in [
            [], ["srve"], ["serve"], ["check"], ["--nonsense"], [""], ["schema", "extra"], ["check", "-c", ""],
            ["serve", "-c", ""],
        ] {
            let result = try Shell.run([program] + arguments)
            #expect(result.status == 64, "\(arguments): \(result)")
            #expect(result.output.isEmpty, "\(arguments): \(result)")
            #expect(result.errors.contains("USAGE: reprise") || result.errors.contains("Usage: reprise"), "\(result)")
        }
        let other = try Shell.run([program, "help", "srve"])
        #expect(other.status == 64 && other.output.isEmpty, "\(other)")
        #expect(try Shell.run([program, "help", "serve"]).output.contains("USAGE: reprise serve"))
        #expect(try Shell.run([program, "--help"]).status == 0)
        for asked in ["--help", "help", "--version", "version", "schema"] {
            let full = try Shell.run(["sh", "-c", "exec \(program) \(asked) >/dev/full"])
            #expect(full.status == 2 && full.errors.contains("cannot write to standard output"), "\(asked): \(full)")
        }
    }

    @Test(.disabled(if: Sanitizer.isOn, "a sanitizer needs more"), arguments: [4, 9, 10, 11, 12, 16, 24, 63])
    func `too few descriptors are an error in words`(limit: Int) throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = folder.appending(path: "x.yaml").path
        try Data(TestConfiguration(TestUpstream.echo()).text.utf8).write(to: URL(fileURLWithPath: configuration))
        for command in ["serve -c \(configuration)", "demo --bind 127.0.0.1:0 --admin 127.0.0.1:0"] {
            let result = try Shell.run(["sh", "-c", "ulimit -n \(limit); exec \(program) \(command)"])
            #expect(result.status == 2 || limit < 6, "\(command): \(result)")
            #expect(!result.errors.contains("died by signal") && !result.errors.isEmpty, "\(command): \(result)")
        }
    }

    @Test(
        .enabled(if: getuid() == 0, "only root becomes nobody"),
        .disabled(if: Sanitizer.isOn, "it has threads of its own"))
    func `a system that gives no more threads is an error in words`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = folder.appending(path: "x.yaml").path
        try Data(TestConfiguration(TestUpstream.echo()).text.utf8).write(to: URL(fileURLWithPath: configuration))
        // Everyone may read what nobody is to serve.
        #expect(try Shell.run(["chmod", "-R", "a+rX", folder.path]).status == 0)
        let launcher = """
            import os, resource, sys
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            os.setgid(65534); os.setuid(65534)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let result = try Shell.python(launcher, [program, "serve", "-c", configuration])
        #expect(result.status == 2, "\(result)")
        #expect(result.errors.contains("a thread for the loop worker-0 failed: "), "\(result)")
        let demo = try Shell.python(launcher, [program, "demo", "--bind", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        #expect(demo.status == 2 && demo.errors.contains("a thread for the loop "), "\(demo)")
    }

    @Test(.enabled(if: getuid() == 0, "only root takes /proc away"), .disabled(if: Sanitizer.isOn, "it needs /proc"))
    func `without /proc a command is still the command that was given`() throws {
        func run(_ command: String) throws -> ShellResult {
            try Shell.run(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \(program) \(command)"])
        }
        let version = try run("version")
        #expect(version.status == 0 && version.output.hasPrefix("reprise "), "\(version)")
        #expect(try run("").status == 64)
        #expect(try run("nonsense").status == 64)
        // The runtime's own pool of threads would die here by chance.
        let taken = TestUpstream.echo()
        for _ in 0..<8 {
            let demo = try run("demo --bind 127.0.0.1:\(taken.port) --admin 127.0.0.1:0")
            #expect(demo.status == 2 && demo.errors.contains("EADDRINUSE"), "\(demo)")
        }
        let check = try run("check -c /nonexistent.yaml")
        #expect(check.status == 1 && check.errors.contains("/nonexistent.yaml: cannot be read"), "\(check)")
    }

    /// A library that has the first look at a certificate wait until the file `go` is there, and says so in the file `asked`.
    private func slowFiles() throws -> String {
        let source = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <fcntl.h>
            #include <stdarg.h>
            #include <string.h>
            #include <unistd.h>
            int open(const char *path, int flags, ...) {
                va_list list;
                va_start(list, flags);
                int mode = flags & O_CREAT ? va_arg(list, int) : 0;
                va_end(list);
                int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
                size_t length = strlen(path);
                if (length > 5 && strcmp(path + length - 5, "a.pem") == 0) {
                    close(real("\(folder.path)/asked", O_CREAT | O_WRONLY, 0600));
                    while (access("\(folder.path)/go", F_OK) != 0) usleep(1000);
                }
                return real(path, flags, mode);
            }
            """
        try Data(source.utf8).write(to: folder.appending(path: "slow.c"))
        let library = folder.appending(path: "slow.so").path
        let made = try Shell.run(["clang", "-shared", "-fPIC", "-o", library, folder.appending(path: "slow.c").path])
        try #require(made.status == 0, "\(made)")
        return library
    }

    @Test(.disabled(if: Sanitizer.isOn, "a sanitizer wants to be loaded first"))
    func `a reload asked for while it starts happens after it, once`() throws {
        let (first, second) = (TestUpstream.http("first\n"), TestUpstream.http("second\n"))
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        func text(_ upstream: TestUpstream) -> String {
            var configuration = TestConfiguration()
            configuration.servers = ["\"localhost:\(upstream.port)\""]
            return configuration.text
        }
        let reprise = try RepriseProcess(
            text(first), folder: folder, wrapper: ["env", "LD_PRELOAD=\(slowFiles())"], waits: false)
        func isThere(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appending(path: name).path)
        }
        #expect(eventually { isThere("asked") }, "\(reprise.log)")
        // What it was started with has been read; this has not.
        try reprise.rewrite(text(second))
        for _ in 0..<3 { reprise.signal(SIGHUP) }
        try Data().write(to: folder.appending(path: "go"))
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        let answer = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"])
        #expect(answer.output == "second\n", "\(reprise.log)")
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0)
        #expect(reprise.lines.filter { $0["message"] == "configuration reloaded" }.count == 1, "\(reprise.log)")
    }

    @Test func `a signal that comes before it is ready waits, and ends nothing`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let text = TestConfiguration(TestUpstream.echo()).text
        // Pending from before the first instruction on: no moment comes earlier.
        let launcher = """
            import os, signal, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
            os.kill(os.getpid(), signal.SIGHUP)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let reprise = try RepriseProcess(text, folder: folder, wrapper: ["python3", "-c", launcher])
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0, "\(reprise.log)")
    }

    @Test func `a reload that is refused is told to systemd, and the next good one takes it back`() throws {
        let notified = folder.appending(path: "notify.sock").path
        let listener = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound", flush=True)
            while True:
                text = s.recv(4096).decode()
                print(text.replace("\\n", "|"), flush=True)
                if text.startswith("STOPPING"): break
            """
        let heard = Background { (try? Shell.python(listener, [notified], seconds: 60))?.output ?? "" }
        #expect(eventually { FileManager.default.fileExists(atPath: notified) })
        let configuration = TestConfiguration(TestUpstream.echo())
        let reprise = try configuration.start(folder: folder, wrapper: ["env", "NOTIFY_SOCKET=\(notified)"])
        try reprise.rewrite("nonsense: 1\n" + configuration.text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"]?.hasPrefix("configuration not reloaded") == true } != nil)
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0)
        let states = heard.value.split(separator: "\n").filter { $0.hasPrefix("READY") }
        #expect(states.count == 3, "\(states)")
        #expect(states.first == "READY=1|STATUS=Serving" && states.last == "READY=1|STATUS=Serving", "\(states)")
        #expect(states.dropFirst().first?.contains("the last reload was refused: ") == true, "\(states)")
        #expect(states.dropFirst().first?.contains("nonsense") == true, "\(states)")
    }
}
