import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

/// What a configuration brings that nobody may see, looked for in the process's memory as a core dump would have it.
///
/// What must be live is not looked for: keys as libcrypto computes with them, ticket keys as the ring seals with them.
@Suite(.waits) struct SecretsLeaveNoCopies {
    /// One way a secret looks in memory.
    private struct Needle {
        let name: String
        let bytes: [UInt8]
    }

    /// Searches everything that the process may write to. One line for each that is found; `denied` when it may not look.
    private static let search = """
        import sys
        process, needles = sys.argv[1], []
        for line in sys.stdin:
            name, digits = line.rsplit(" ", 1)
            needles.append((name, bytes.fromhex(digits)))
        found = set()
        try:
            with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
                for line in maps:
                    place, rights = line.split()[:2]
                    if not rights.startswith("rw") or "[vvar" in line: continue
                    start, end = (int(word, 16) for word in place.split("-"))
                    tail = b""
                    while start < end:
                        try:
                            memory.seek(start)
                            part = memory.read(min(end - start, 16 << 20))
                        except (OSError, OverflowError):
                            break
                        if not part: break
                        text = tail + part
                        found.update(name for name, needle in needles if needle in text)
                        tail = text[-256:]
                        start += len(part)
        except PermissionError:
            print("denied")
        for name in sorted(found): print(name)
        print("searched")
        """

    private func found(_ needles: [Needle], in reprise: RepriseProcess) throws -> [String] {
        let lines = needles.map { needle in
            "\(needle.name) \(needle.bytes.map { String(format: "%02x", $0) }.joined())\n"
        }
        let script = reprise.folder.appending(path: "search.py")
        try Data(Self.search.utf8).write(to: script)
        let result = try Shell.run(
            ["python3", script.path, "\(reprise.processID)"], input: lines.joined(), seconds: 60)
        let words = result.output.split(separator: "\n").map(String.init)
        try #require(words.last == "searched", "\(result)")
        return words.dropLast()
    }

    private static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

    /// A generation of everything that is secret, written into a folder.
    private struct Generation {
        /// As the files have it: never to be found.
        var written: [Needle] = []
        /// As the key ring has it: not to be found once another generation is in force.
        var live: [Needle] = []

        init(_ number: Int, in folder: URL) throws {
            let certificates = TestCertificates(in: folder)
            let passphrase = "correct horse \(UUID().uuidString)"
            try Data("\(passphrase)\n".utf8).write(to: folder.appending(path: "pass"))
            written.append(Needle(name: "passphrase-\(number)", bytes: Array(passphrase.utf8)))
            try certificates.make("a", for: ["localhost"])
            try certificates.make("rsa", for: ["rsa.test"], kind: .rsa2048)
            try certificates.make("locked", for: ["locked.test"], passphrase: passphrase)
            for name in ["a", "rsa", "locked"] { try addPEM("\(name).key", number, folder) }
            try addTicketKeys(number, folder)
        }

        private mutating func addPEM(_ file: String, _ number: Int, _ folder: URL) throws {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-----") && $0.count >= 32 }
            for (index, line) in lines.enumerated() {
                written.append(Needle(name: "\(file)-\(number)-line-\(index + 1)", bytes: Array(line.utf8)))
            }
        }

        private mutating func addTicketKeys(_ number: Int, _ folder: URL) throws {
            for size in [48, 80] {
                let key = SecretsLeaveNoCopies.random(size)
                let part = (size - 16) / 2
                try Data(key).write(to: folder.appending(path: "raw\(size).key"), options: .atomic)
                // Across the borders of its parts, which are apart where they are live.
                written.append(Needle(name: "raw\(size)-\(number)-front", bytes: Array(key[8..<24])))
                written.append(Needle(name: "raw\(size)-\(number)-middle", bytes: Array(key[(8 + part)..<(24 + part)])))
                live.append(Needle(name: "raw\(size)-\(number)-first", bytes: Array(key[16..<(16 + part)])))
                live.append(Needle(name: "raw\(size)-\(number)-second", bytes: Array(key[(16 + part)...])))
            }
            var text = "keys:\n"
            for place in 1...3 {
                let (name, aes, hmac) = (
                    SecretsLeaveNoCopies.random(16), SecretsLeaveNoCopies.random(32), SecretsLeaveNoCopies.random(32)
                )
                text += """
                      - name: \(Data(name).base64EncodedString())
                        aes: \(Data(aes).base64EncodedString())
                        hmac: "\(Data(hmac).base64EncodedString())"   # quoted
                        not_before: 202\(place)-01-01T00:00:00Z
                        not_after: 2999-01-01T00:00:00Z

                    """
                for (kind, secret) in [("aes", aes), ("hmac", hmac)] {
                    let base64 = Array(Data(secret).base64EncodedString().utf8)
                    written.append(Needle(name: "own-\(number)-\(place)-\(kind)-base64", bytes: base64))
                    live.append(Needle(name: "own-\(number)-\(place)-\(kind)", bytes: secret))
                }
            }
            try Data(text.utf8).write(to: folder.appending(path: "own.yaml"), options: .atomic)
        }
    }

    private func visit(_ reprise: RepriseProcess) throws {
        for options in [
            MemoryClient.Options(serverName: "localhost"), SessionCarrier.stateless.client("rsa.test"),
            MemoryClient.Options(serverName: "locked.test"),
        ] {
            let client = try SocketClient(port: reprise.port(), options)
            try client.tls.write([7])
            client.flush()
            while (try? client.tls.read()) == .some(nil), client.takeIn() {}
        }
    }

    @Test(.disabled(if: Sanitizer.isOn, "a sanitizer's shadow of all memory takes too long to search"))
    func `no secret that a file brings is in memory as the file has it, nor at all once it is replaced`() throws {
        let folder = RepriseProcess.temporaryFolder()
        var generations = [try Generation(0, in: folder)]
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { tickets: { keys: [own.yaml, raw48.key, raw80.key] } }"
        configuration.hosts = """
            [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] },
             { names: [rsa.test], certificates: [{ chain: rsa.pem, key: rsa.key }] },
             { names: [locked.test], certificates: [{ chain: locked.pem, key: locked.key, passphrase_file: pass }] }]
            """
        let reprise = try configuration.start(folder: folder)
        try visit(reprise)
        for number in 0..<5 {
            if number > 0 {
                generations.append(try Generation(number, in: folder))
                reprise.signal(SIGHUP)
                let reloads = { reprise.lines.filter { $0["message"] == "configuration reloaded" }.count }
                #expect(eventually(within: 15) { reloads() == number }, "\(reprise.log)")
                try visit(reprise)
            }
            let old = generations.dropLast().flatMap(\.live)
            let needles = generations.flatMap(\.written) + old
            let seen = try found(needles, in: reprise)
            guard seen != ["denied"] else {
                return print("skipped: this user may not read the memory of its own processes")
            }
            #expect(seen == [], "generation \(number)")
            // The search finds what is there.
            let current = Array(generations.suffix(1).flatMap(\.live).prefix(2))
            #expect(try found(current, in: reprise) == current.map(\.name).sorted())
        }
    }
}
