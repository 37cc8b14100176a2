import RepriseEventLoop
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise

/// Hosts by the hundred: their certificates are read by several threads, and nobody can tell.
@Suite struct ManyHostsTests {
    private static let count = 300

    private let text: String
    private let files: [String: [UInt8]]

    init() throws {
        let hosts = (0..<Self.count).map {
            "{ names: [h\($0).test], certificates: [{ chain: \($0).pem, key: \($0).key }] }"
        }
        text = """
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: app
                tls:
                  hosts:
            \(hosts.map { "        - \($0)" }.joined(separator: "\n"))
            upstreams: [{ name: app, servers: ["127.0.0.1:1"] }]
            """
        var files: [String: [UInt8]] = [:]
        for number in 0..<Self.count {
            let made = try SelfSigned.make(
                names: ["h\(number).test"], kind: .ecdsaP256, validFrom: MemoryServer.validFrom,
                validUntil: MemoryServer.validUntil)
            files["\(number).pem"] = made.chainPEM
            files["\(number).key"] = made.keyPEM.withBytes { Array($0) }
        }
        self.files = files
    }

    private func check(
        _ files: [String: [UInt8]], counting reads: Locked<[String: Int]> = Locked([:])
    ) throws -> CheckedConfiguration {
        let text = text
        let source = ConfigurationSource(
            file: "x.yaml", directory: ".", read: { () throws(FileReader.ReadError) in Array(text.utf8) },
            readFile: { (path: String) throws(FileReader.ReadError) in
                reads.withLock { $0[path, default: 0] += 1 }
                guard let bytes = files[path] else { throw FileReader.ReadError(description: "it is not there") }
                return bytes
            })
        return try CheckedConfiguration(source, environment: [:], at: MemoryServer.now)
    }

    @Test func `every file is read once, and every host has its context`() throws {
        let reads = Locked<[String: Int]>([:])
        let checked = try check(files, counting: reads)
        #expect(checked.faults.isEmpty && checked.warnings.isEmpty, "\(checked.faults) \(checked.warnings)")
        #expect(reads.withLock { $0 } == files.mapValues { _ in 1 })
        let terms = try #require(checked.loadedFiles.hosts["web"]).terms
        #expect(terms.map(\.id) == (0..<Self.count).map { "h\($0).test" })
        #expect(checked.loadedFiles.stamps.count == 2 * Self.count)
    }

    @Test func `faults and warnings are told in the file's order, whichever thread finds them`() throws {
        var files = files
        files["7.key"] = files["8.key"]
        files["140.pem"] = nil
        files["299.key"] = Array("nothing".utf8)
        files["20.pem"] = files["21.pem"]
        files["20.key"] = files["21.key"]
        let checked = try check(files)
        let faults = checked.faults.compactMap { $0.firstMatch(of: #/ (\d+)\.(pem|key):/#).map { Int($0.1) ?? -1 } }
        #expect(faults == [7, 140, 299], "\(checked.faults)")
        #expect(checked.warnings.count == 1 && checked.warnings[0].contains("h20.test"), "\(checked.warnings)")
    }
}
