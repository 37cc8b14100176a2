import Foundation
import Glibc
import Logging
import Reprise
import RepriseTestSupport
import Testing

/// Routers in shared objects: what a server does with good ones, bad ones and hostile ones.
@Suite struct PluginRouterTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let first = TestUpstream { peer in
        peer.send([1])
        peer.close()
    }
    private let second = TestUpstream { peer in
        peer.send([2])
        peer.close()
    }
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["one.test", "two.test", "x.test"])
    }

    /// Compiles C with the compiler that comes with Swift's.
    private func compile(_ code: String, to name: String, flags: [String] = []) throws {
        let file = folder.appending(path: "\(name).c")
        try Data(code.utf8).write(to: file)
        let made = try Shell.run(
            [
                "bash", "-c", "\"$(dirname \"$(readlink -f \"$(command -v swift)\")\")/clang\" \"$@\"", "clang",
                "-shared", "-fPIC",
                "-Wall", "-Werror", "-I", Self.root.appending(path: "conf").path, "-o",
                folder.appending(path: name).path,
                file.path,
            ] + flags)
        try #require(made.status == 0, "\(made.errors)")
        #expect(chmod(folder.appending(path: name).path, 0o755) == 0)
    }

    /// A whole plug-in around what its `route` does.
    private static func plugin(
        _ route: String, more: String = "", create: String = "(void)argument; return &calls;"
    )
        -> String
    {
        """
        #include "reprise_router.h"
        #include <pthread.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static const reprise_server *reprise;
        static int calls __attribute__((unused));
        \(more)
        static reprise_text text(const char *words) { reprise_text text = {words, strlen(words)}; return text; }
        static void *create(const reprise_server *server, reprise_text argument, char *error, size_t size) {
            reprise = server; (void)text; (void)error; (void)size; \(create) }
        static void destroy(void *state) { (void)state; }
        static int route(void *state, reprise_request request, reprise_route *route) {
            (void)state; \(route) }
        const reprise_router *reprise_router_v1(void) {
            static const reprise_router table = { REPRISE_ROUTER_ABI, sizeof table, create, destroy, route, 0, 0, 0 };
            return &table; }
        """
    }

    private static let toOne = "route->kind = REPRISE_TO_GROUP; route->group = text(\"one\"); return REPRISE_NOW;"

    private func text(_ library: String, argument: String? = nil, top: String = "") -> String {
        """
        workers: 1
        log: { level: error }
        \(top)
        listeners:
          - name: web
            bind: ["127.0.0.1:0"]
            router: mine
            timeouts: { route: 200ms }
            tls: { hosts: [{ names: [one.test, two.test, x.test], certificates: [{ chain: a.pem, key: a.key }] }] }
        routers: [{ name: mine, library: \(library)\(argument.map { ", argument: \"\($0)\"" } ?? "") }]
        upstreams:
          - { name: one, servers: ["127.0.0.1:\(first.port)"] }
          - { name: two, servers: ["127.0.0.1:\(second.port)"] }
        """
    }

    private func start(_ text: @escaping @autoclosure @Sendable () -> String) async throws -> (Server, Int) {
        var options = Server.Options()
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let server = Server(.text(text(), relativeTo: folder.path), options)
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw CancellationError() }
        return (server, Int(port))
    }

    /// Which upstream a client gets to: 1, 2, or 0 for none; and what it can come back with.
    private static func visit(
        _ port: Int, _ name: String, resuming session: MemoryClient.Session? = nil
    ) throws -> (reached: Int, session: MemoryClient.Session?) {
        let client = try SocketClient(port: port, SessionCarrier.stateless.client(name, resuming: session))
        var reached = 0
        repeat {
            if let bytes = try? client.tls.read(), let byte = bytes.first { reached = Int(byte) }
        } while reached == 0 && client.takeIn()
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        return (reached, client.tls.sessions.last)
    }

    @Test func `the example in C is built, and keeps a tenant with its session`() async throws {
        let code = try String(
            contentsOf: Self.root.appending(path: "conf/examples/c-router/router.c"), encoding: .utf8)
        #expect(code.split(separator: "\n").count < 70)
        try compile(code, to: "router.so")
        let (server, port) = try await start(text("router.so", argument: "two"))
        try await onOwnThread {
            let one = try Self.visit(port, "one.test")
            #expect(one.reached == 1)
            #expect(try Self.visit(port, "x.test").reached == 2, "a tenant without a group")
            #expect(
                try Self.visit(port, "x.test", resuming: one.session).reached == 1, "its session remembers the tenant")
        }
        await server.stop()
    }

    @Test func `a library that cannot be used is a fault that says why`() async throws {
        try compile(Self.plugin(Self.toOne), to: "good.so")
        try compile("int nothing;\n", to: "nothing.so")
        try compile(Self.plugin(Self.toOne).replacing("{ REPRISE_ROUTER_ABI,", with: "{ 7,"), to: "other.so")
        try compile(Self.plugin(Self.toOne).replacing("sizeof table,", with: "16,"), to: "short.so")
        try compile(
            Self.plugin(Self.toOne, create: "snprintf(error, size, \"no \\033map\"); return 0;"), to: "unmade.so")
        try Data("no library".utf8).write(to: folder.appending(path: "text.so"))
        try compile(Self.plugin(Self.toOne), to: "open.so")
        #expect(chmod(folder.appending(path: "open.so").path, 0o777) == 0)
        for (library, words) in [
            ("missing.so", "cannot be opened: No such file"), ("nothing.so", "does not export reprise_router_v1"),
            ("other.so", "is for version 7 of the interface, and this is version 1"),
            ("short.so", "its table has 16 bytes"), ("unmade.so", "it could not be made: no \\u{1B}map"),
            ("text.so", "cannot be loaded: "), ("open.so", "others than its owner may write to it"),
            (".", "is no regular file"),
        ] {
            do {
                let (server, _) = try await start(text(library))
                await server.stop()
                Issue.record("\(library) was taken")
            } catch let error as RepriseError {
                #expect("\(error)".contains(words), "\(error)")
                #expect("\(error)".contains("routers[0].library"), "\(error)")
            }
        }
        #expect(chmod(folder.appending(path: "text.so").path, 0o644) == 0)
    }

    @Test func `libraries of one process are never taken for each other`() async throws {
        let toTwo = Self.toOne.replacing("\"one\"", with: "\"two\"")
        try compile(Self.plugin(Self.toOne), to: "a.so")
        try compile(Self.plugin(toTwo), to: "b.so")
        let both = text("a.so").replacing(
            "routers: [",
            with: "routers: [{ name: by, sni: { two.test: other, default: mine } }, { name: other, library: b.so }, "
        )
        .replacing("router: mine", with: "router: by")
        let (server, port) = try await start(both)
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1)
        #expect(try await onOwnThread { try Self.visit(port, "two.test").reached } == 2)
        // Old code is held by a connection while the new one comes, again and again.
        for turn in 0..<6 {
            let held = try SocketClient(port: port, .init(serverName: "x.test"))
            try compile(Self.plugin(turn % 2 == 0 ? toTwo : Self.toOne), to: "a.so")
            try await server.reload()
            #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == (turn % 2 == 0 ? 2 : 1))
            withExtendedLifetime(held) {}
        }
        await server.stop()
    }

    @Test func `threads of a library may outlive its router`() async throws {
        // A destructor of a thread-specific value, which runs when a worker ends.
        let more = """
            static pthread_key_t key;
            static void leave(void *value) { free(value); }
            __attribute__((constructor)) static void begin(void) { pthread_key_create(&key, leave); }
            """
        let route = "if (!pthread_getspecific(key)) pthread_setspecific(key, malloc(1)); " + Self.toOne
        try compile(Self.plugin(route, more: more), to: "a.so")
        let (server, port) = try await start(text("a.so"))
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1)
        try compile(Self.plugin(Self.toOne), to: "a.so")
        try await server.reload()
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1)
        await server.stop()
    }

    @Test(arguments: ["--help", "--mode=fast", "-h", "--", "a b"])
    func `check tells a library its argument, whatever it looks like`(_ argument: String) throws {
        try compile(
            Self.plugin(
                Self.toOne,
                create:
                    "snprintf(error, size, \"told %.*s\", (int)argument.size, argument.data); printf(\"noise\\n\"); return 0;"
            ),
            to: "told.so")
        let file = folder.appending(path: "reprise.yaml")
        try Data(text("told.so", argument: argument).utf8).write(to: file)
        let checked = try Shell.run([RepriseProcess.program.path, "check", "-c", file.path])
        #expect(checked.status == 1 && checked.errors.contains("it could not be made: told \(argument)"), "\(checked)")
        #expect(!"\(checked)".contains("noise"))
    }

    @Test(arguments: ["in create", "when it is loaded", "by exit", "by a good exit"])
    func `check survives a library that takes its process down, and says so`(_ how: String) throws {
        let crash = "*(volatile int *)calls_nowhere = 1; return 0;"
        let more = "static int *calls_nowhere;"
        switch how {
        case "in create": try compile(Self.plugin(Self.toOne, more: more, create: crash), to: "bad.so")
        case "by exit": try compile(Self.plugin(Self.toOne, create: "exit(3);"), to: "bad.so")
        case "by a good exit": try compile(Self.plugin(Self.toOne, create: "close(1); exit(0);"), to: "bad.so")
        default:
            let early =
                more + "\n__attribute__((constructor)) static void early(void) { *(volatile int *)calls_nowhere = 1; }"
            try compile(Self.plugin(Self.toOne, more: early), to: "bad.so")
        }
        try compile(Self.plugin(Self.toOne), to: "good.so")
        let file = folder.appending(path: "reprise.yaml")
        for (library, status) in [("bad.so", Int32(1)), ("good.so", 0)] {
            try Data(text(library).utf8).write(to: file)
            let checked = try Shell.run([RepriseProcess.program.path, "check", "-c", file.path])
            #expect(checked.status == status, "\(checked)")
            guard status == 1 else { continue }
            #expect(checked.errors.contains("routers[0].library") && checked.errors.contains("bad.so: "), "\(checked)")
            let words =
                how.contains("exit") ? "ends the process when it is loaded" : "crashes when it is loaded (signal 11"
            #expect(checked.errors.contains(words), "\(checked)")
        }
    }

    @Test func `a reload takes the new code of the same path, and keeps the old where nothing has changed`()
        async throws
    {
        let counting =
            "char line[16]; calls++; snprintf(line, sizeof line, \"%d\", calls); route->kind = REPRISE_TO_GROUP;"
            + " route->group = text(calls == 1 ? \"one\" : \"two\"); return REPRISE_NOW;"
        try compile(Self.plugin(counting), to: "a.so")
        let (server, port) = try await start(text("a.so"))
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1)
        try await server.reload()
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 2, "it has kept its count")
        try compile(Self.plugin(Self.toOne), to: "a.so")
        try await server.reload()
        for _ in 0..<3 { #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1) }
        // A new file that cannot be used leaves the old one in force.
        try compile("int nothing;\n", to: "a.so")
        await #expect(throws: RepriseError.self) { try await server.reload() }
        #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 1)
        await server.stop()
    }

    @Test func `an answer may come later and from another thread, once`() async throws {
        let later = """
            static int answers[3];
            static reprise_request stale;
            static void *work(void *box) {
                reprise_later later = *(reprise_later *)box;
                reprise_route route = { .kind = REPRISE_TO_GROUP, .group = text("two"), .tickets = -1 };
                // The request is another thread's, and over.
                if (reprise->field(stale, REPRISE_SNI).size != 0 || reprise->connection(stale) != 0) abort();
                if (reprise->answer(later, &route) != REPRISE_NOW) abort();
                if (reprise->answer(later, &route) != REPRISE_GONE || reprise->answer(12345, &route) != REPRISE_GONE) abort();
                free(box);
                return 0;
            }
            """
        let route = """
            reprise_later *box = malloc(sizeof *box);
            *box = reprise->later(request);
            if (*box == 0 || reprise->later(request) != 0) abort();
            stale = request;
            pthread_t thread;
            if (pthread_create(&thread, 0, work, box) != 0) abort();
            pthread_detach(thread);
            return REPRISE_LATER;
            """
        let declared =
            "static reprise_text text(const char *words);\n" + later.replacing("static int answers[3];", with: "")
        try compile(Self.plugin(route, more: declared), to: "later.so")
        let (server, port) = try await start(text("later.so"))
        for _ in 0..<20 { #expect(try await onOwnThread { try Self.visit(port, "x.test").reached } == 2) }
        await server.stop()
    }

    @Test(arguments: [
        ("reprise->later(request); return REPRISE_LATER;", "late"), ("return REPRISE_LATER;", "failed"),
        ("return REPRISE_FAILED;", "failed"), ("return 99;", "failed"), ("return REPRISE_NOW;", "failed"),
        ("route->kind = REPRISE_TO_GROUP; return REPRISE_NOW;", "failed"),
        ("route->kind = REPRISE_TO_GROUP; route->group = text(\"nobody\"); return REPRISE_NOW;", "unknown"),
        ("route->kind = REPRISE_TO_GROUP; route->group = text(\"\\xff\"); return REPRISE_NOW;", "failed"),
        (
            "static char much[257]; route->kind = REPRISE_TO_GROUP; route->group = text(\"one\"); "
                + "route->remember.data = much; route->remember.size = sizeof much; return REPRISE_NOW;", "failed"
        ),
        ("route->kind = REPRISE_REFUSE_ALERT; route->alert = 49; return REPRISE_NOW;", "refused"),
        ("route->kind = REPRISE_REFUSE_CLOSE; return REPRISE_NOW;", "refused"),
        // A promise that it does not keep, beside a route.
        ("reprise->later(request); \(Self.toOne)", "routed"),
    ])
    func `what a router does wrong costs its client alone`(_ route: String, _ result: String) async throws {
        try compile(Self.plugin(route), to: "odd.so")
        let (server, port) = try await start(text("odd.so"))
        let reached = try await onOwnThread { try Self.visit(port, "x.test").reached }
        #expect(reached == (result == "routed" ? 1 : 0))
        let sample = "reprise_routes_total{listener=\"web\",result=\"\(result)\"} 1"
        #expect(
            server.metrics().contains(sample),
            "\(server.metrics().split(separator: "\n").filter { $0.contains("routes_total") })")
        await server.stop()
    }
}
