import CRepriseOpenSSL
import CReprisePrimitives
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What libssl gets from our provider is what it would get from libcrypto's, whatever it asks for.
@Suite struct PrimitivesTests {
    /// Whose algorithm: ours where there is one, or libcrypto's.
    enum Whose: String, CaseIterable {
        case ours = "?reprise.own=yes"
        case theirs = "reprise.own!=yes"
    }

    /// Parameters of a derivation or a MAC, by name.
    enum Parameter {
        case word(String, String)
        case bytes(String, [UInt8])
        /// A pointer to the bytes in the place of the bytes.
        case pointer(String, [UInt8])
        /// So many bytes at no address.
        case nowhere(String, Int)
    }

    /// 12,800 comparisons where ours answers, by three algorithms and two digests; fewer where it asks another provider.
    private static func rounds(_ digest: String) -> Int { ["SHA2-256", "SHA2-384"].contains(digest) ? 1_600 : 400 }

    init() {
        #expect(Library.use(of: .primitives) == .inUse)
    }

    /// Calls `body` with the parameters as libcrypto takes them.
    private func withParameters<Result>(
        _ parameters: [Parameter], _ body: (UnsafePointer<OSSL_PARAM>) -> Result
    ) -> Result {
        var made: [OSSL_PARAM] = []
        var held: [UnsafeMutableRawPointer] = []
        func hold(_ bytes: some Collection<UInt8>) -> UnsafeMutableRawPointer {
            let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
            UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyBytes(from: bytes)
            copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
            held.append(copy)
            return copy
        }
        for parameter in parameters {
            switch parameter {
            case .word(let name, let value):
                let pointer = hold(value.utf8).assumingMemoryBound(to: CChar.self)
                made.append(
                    OSSL_PARAM_construct_utf8_string(hold(name.utf8).assumingMemoryBound(to: CChar.self), pointer, 0))
            case .bytes(let name, let value):
                let pointer = hold(value)
                made.append(
                    OSSL_PARAM_construct_octet_string(
                        hold(name.utf8).assumingMemoryBound(to: CChar.self), pointer, value.count))
            case .pointer(let name, let value):
                let pointer = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
                pointer.initialize(to: hold(value))
                held.append(UnsafeMutableRawPointer(pointer))
                made.append(
                    OSSL_PARAM_construct_octet_ptr(
                        hold(name.utf8).assumingMemoryBound(to: CChar.self), pointer, value.count))
            case .nowhere(let name, let count):
                made.append(
                    OSSL_PARAM_construct_octet_string(
                        hold(name.utf8).assumingMemoryBound(to: CChar.self), nil, count))
            }
        }
        made.append(OSSL_PARAM_construct_end())
        defer { for copy in held { copy.deallocate() } }
        return body(made)
    }

    /// What it derives; `nil` when it refuses.
    func derive(
        _ name: String, _ whose: Whose, _ count: Int, _ parameters: [Parameter], setBefore: [Parameter] = []
    ) -> [UInt8]? {
        let kdf = EVP_KDF_fetch(nil, name, whose.rawValue)
        expect(provider(EVP_KDF_get0_provider(kdf)), whose)
        let context = EVP_KDF_CTX_new(kdf)
        defer {
            EVP_KDF_CTX_free(context)
            EVP_KDF_free(kdf)
            ErrorQueue.clear()
        }
        if !setBefore.isEmpty {
            guard withParameters(setBefore, { EVP_KDF_CTX_set_params(context, $0) }) == 1 else { return nil }
        }
        var out = [UInt8](repeating: 0, count: count)
        return withParameters(parameters) { EVP_KDF_derive(context, &out, count, $0) } > 0 ? out : nil
    }

    func mac(_ whose: Whose, key: [UInt8], _ parts: [[UInt8]], _ parameters: [Parameter]) -> [UInt8]? {
        let mac = EVP_MAC_fetch(nil, "HMAC", whose.rawValue)
        expect(provider(EVP_MAC_get0_provider(mac)), whose)
        let context = EVP_MAC_CTX_new(mac)
        defer {
            EVP_MAC_CTX_free(context)
            EVP_MAC_free(mac)
            ErrorQueue.clear()
        }
        guard withParameters(parameters, { EVP_MAC_init(context, key, key.count, $0) }) == 1 else { return nil }
        for part in parts { EVP_MAC_update(context, part, part.count) }
        var out = [UInt8](repeating: 0, count: 64)
        var count = 0
        guard EVP_MAC_final(context, &out, &count, out.count) == 1 else { return nil }
        return Array(out[..<count])
    }

    private func provider(_ pointer: OpaquePointer?) -> String? {
        pointer.flatMap { OSSL_PROVIDER_get0_name($0) }.map { String(cString: $0) }
    }

    /// Records a difference alone: an expectation of each comparison would take longer than all of them.
    private func expectSame(_ made: (Whose) -> [UInt8]?, _ comment: @autoclosure () -> String) {
        let (ours, theirs) = (made(.ours), made(.theirs))
        if ours == nil || ours != theirs { Issue.record("\(comment())") }
    }

    private func expect(_ name: String?, _ whose: Whose) {
        if name != (whose == .ours ? "reprise" : "default") { Issue.record("\(whose) is \(name ?? "nobody")'s") }
    }

    private func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
        let count = Int.random(in: range)
        return count == 0 ? [] : SessionCrypto.bytes(count)
    }

    @Test func `who does not ask for ours gets libcrypto's, whatever the machine prefers`() {
        for name in ["TLS13-KDF", "TLS1-PRF"] {
            let kdf = EVP_KDF_fetch(nil, name, nil)
            #expect(provider(EVP_KDF_get0_provider(kdf)) == "default")
            EVP_KDF_free(kdf)
        }
        let mac = EVP_MAC_fetch(nil, "HMAC", nil)
        #expect(provider(EVP_MAC_get0_provider(mac)) == "default")
        EVP_MAC_free(mac)
        #expect(Library.propertyQuery == Whose.ours.rawValue)
        // Where the machine asks for validated modules alone, ours are not among them.
        #expect(EVP_KDF_fetch(nil, "TLS13-KDF", "fips=yes,?reprise.own=yes") == nil)
        // What it asks of providers by name stands beside the query.
        #expect(EVP_MAC_fetch(nil, "HMAC", "provider=legacy,?reprise.own=yes") == nil)
        ErrorQueue.clear()
    }

    @Test(arguments: ["SHA2-256", "SHA2-384", "SHA2-512", "SHA1"])
    func `derivations of TLS 1.3 are as libcrypto's`(digest: String) async throws {
        // What takes long takes no thread that other tests run on.
        try await onOwnThread {
            let size = ["SHA2-256": 32, "SHA2-384": 48, "SHA2-512": 64, "SHA1": 20][digest] ?? 0
            for _ in 0..<Self.rounds(digest) {
                let secret = SessionCrypto.bytes(size)
                let shared = bytes(1...130)
                let isFirst = Bool.random(), hasKey = Bool.random()
                let step: [Parameter] =
                    [
                        .word("mode", "EXTRACT_ONLY"), .word("digest", digest), .bytes("prefix", Array("tls13 ".utf8)),
                        .bytes("label", Array("derived".utf8)),
                    ] + (isFirst ? [] : [.bytes("salt", secret)]) + (hasKey ? [.bytes("key", shared)] : [])
                expectSame(
                    { derive("TLS13-KDF", $0, size, step) }, "\(digest) \(secret) \(shared) \(isFirst) \(hasKey)")
                let label: [Parameter] = [
                    .word("mode", "EXPAND_ONLY"), .word("digest", digest), .bytes("key", secret),
                    .bytes("prefix", Array("tls13 ".utf8)), .bytes("label", bytes(0...12)),
                    .bytes("data", bytes(0...64)),
                ]
                let count = Int.random(in: 1...700)
                expectSame({ derive("TLS13-KDF", $0, count, label) }, "\(digest) \(count) \(label)")
            }
        }
    }

    @Test(arguments: ["SHA2-256", "SHA2-384", "SHA2-512", "MD5-SHA1"])
    func `derivations of TLS 1 are as libcrypto's`(digest: String) async throws {
        // What takes long takes no thread that other tests run on.
        try await onOwnThread {
            for _ in 0..<Self.rounds(digest) {
                let seeds = (0..<Int.random(in: 1...5)).map { _ in bytes(1...70) }
                let given: [Parameter] =
                    [.word("digest", digest), .bytes("secret", bytes(1...200))] + seeds.map { .bytes("seed", $0) }
                let count = Int.random(in: 1...700)
                expectSame({ derive("TLS1-PRF", $0, count, given) }, "\(digest) \(count) \(given)")
            }
        }
    }

    @Test(arguments: ["SHA2-256", "SHA2-384", "SHA2-512", "SHA1"])
    func `MACs are as libcrypto's`(digest: String) async throws {
        // What takes long takes no thread that other tests run on.
        try await onOwnThread {
            for _ in 0..<Self.rounds(digest) {
                let key = bytes(1...300)
                let parts = (0..<Int.random(in: 0...4)).map { _ in bytes(0...300) }
                expectSame({ mac($0, key: key, parts, [.word("digest", digest)]) }, "\(digest) \(key) \(parts)")
            }
        }
    }

    @Test func `parameters that were set before count, and those that come with the call count more`() {
        let early: [Parameter] = [.word("digest", "SHA2-384"), .bytes("secret", [1, 2, 3]), .bytes("seed", [4])]
        let late: [Parameter] = [.word("digest", "SHA2-256"), .bytes("seed", [5, 6])]
        expectSame({ derive("TLS1-PRF", $0, 48, late, setBefore: early) }, "PRF")
        let mode: [Parameter] = [.word("mode", "EXPAND_ONLY"), .word("digest", "SHA2-256"), .bytes("key", [9])]
        let data: [Parameter] = [.bytes("label", [7]), .bytes("prefix", [8]), .bytes("data", [])]
        expectSame({ derive("TLS13-KDF", $0, 32, data, setBefore: mode) }, "TLS 1.3")
    }

    @Test func `what makes no sense is refused as libcrypto refuses it`() {
        for whose in Whose.allCases {
            #expect(derive("TLS13-KDF", whose, 32, []) == nil)
            #expect(
                derive("TLS13-KDF", whose, 31, [.word("mode", "EXTRACT_ONLY"), .word("digest", "SHA2-256")]) == nil)
            #expect(derive("TLS13-KDF", whose, 32, [.word("mode", "EXPAND_ONLY"), .word("digest", "SHA2-256")]) == nil)
            #expect(derive("TLS13-KDF", whose, 32, [.word("mode", "EXTRACT_ONLY"), .word("digest", "none")]) == nil)
            #expect(derive("TLS1-PRF", whose, 32, [.word("digest", "SHA2-256"), .bytes("secret", [1])]) == nil)
            #expect(derive("TLS1-PRF", whose, 32, [.word("digest", "SHA2-256"), .bytes("seed", [1])]) == nil)
            #expect(mac(whose, key: [1], [], [.word("digest", "none")]) == nil)
        }
    }

    /// A key that is not understood must never be taken for none: what comes of that is known to everybody.
    @Test func `a parameter of another type, or at no address, is refused or read, but never passed over`() {
        let extract: [Parameter] = [.word("mode", "EXTRACT_ONLY"), .word("digest", "SHA2-256")]
        let label: [Parameter] = [.bytes("prefix", Array("tls13 ".utf8)), .bytes("label", Array("derived".utf8))]
        // libssl's five seeds, of which most are none.
        let spare: [Parameter] = [
            .word("digest", "SHA2-256"), .bytes("secret", [1]), .nowhere("seed", 0), .bytes("seed", [2]),
        ]
        expectSame({ derive("TLS1-PRF", $0, 32, spare + [.nowhere("seed", 0)]) }, "spare seeds")
        // libcrypto itself reads from nowhere.
        let pointer = extract + label + [.pointer("key", [1, 2])], nowhere = extract + label + [.nowhere("key", 32)]
        #expect(derive("TLS13-KDF", .ours, 32, pointer) == derive("TLS13-KDF", .theirs, 32, pointer))
        #expect(derive("TLS13-KDF", .ours, 32, nowhere) == nil)
        #expect(derive("TLS13-KDF", .ours, 32, [], setBefore: nowhere) == nil)
        #expect(mac(.ours, key: [], [], [.word("digest", "SHA2-256"), .nowhere("key", 32)]) == nil)
        let seeds: [Parameter] = [.word("digest", "SHA2-256"), .bytes("secret", [1]), .bytes("seed", [9])]
        let pointed = seeds + [.pointer("seed", [1, 2])]
        #expect(derive("TLS1-PRF", .ours, 32, pointed) == derive("TLS1-PRF", .theirs, 32, pointed))
        #expect(derive("TLS1-PRF", .ours, 32, seeds + [.nowhere("seed", 4)]) == nil)
        let elsewhere: [Parameter] = [.word("digest", "SHA2-256"), .word("properties", "nosuch=yes")]
        for whose in Whose.allCases {
            #expect(derive("TLS1-PRF", whose, 32, elsewhere + [.bytes("secret", [1]), .bytes("seed", [9])]) == nil)
        }
    }

    @Test func `a derivation needs its parameters again`() throws {
        let kdf = EVP_KDF_fetch(nil, "TLS13-KDF", Whose.ours.rawValue)
        let context = try #require(EVP_KDF_CTX_new(kdf))
        defer {
            EVP_KDF_CTX_free(context)
            EVP_KDF_free(kdf)
            ErrorQueue.clear()
        }
        let whole: [Parameter] = [.word("mode", "EXTRACT_ONLY"), .word("digest", "SHA2-256"), .bytes("key", [1])]
        var out = [UInt8](repeating: 0, count: 32)
        #expect(withParameters(whole) { EVP_KDF_derive(context, &out, 32, $0) } == 1)
        // Not with the key of before, and not with none either.
        #expect(withParameters(Array(whole[..<2])) { EVP_KDF_derive(context, &out, 32, $0) } <= 0)
        EVP_KDF_CTX_reset(context)
        #expect(withParameters(whole) { EVP_KDF_derive(context, &out, 32, $0) } == 1)
    }

    @Test(arguments: ["SHA2-256", "SHA2-384", "SHA1"])
    func `a MAC goes on as another, from the beginning, and as a copy`(digest: String) throws {
        func rounds(_ whose: Whose) throws -> [[UInt8]] {
            let mac = EVP_MAC_fetch(nil, "HMAC", whose.rawValue)
            let context = try #require(EVP_MAC_CTX_new(mac))
            EVP_MAC_free(mac)
            let key = [UInt8](repeating: 7, count: 150)
            #expect(withParameters([.word("digest", digest)]) { EVP_MAC_init(context, key, key.count, $0) } == 1)
            var made: [[UInt8]] = []
            func end(_ context: OpaquePointer) {
                var out = [UInt8](repeating: 0, count: 64)
                var count = 0
                EVP_MAC_final(context, &out, &count, out.count)
                made.append(Array(out[..<count]))
            }
            EVP_MAC_update(context, [1, 2, 3], 3)
            let copy = try #require(EVP_MAC_CTX_dup(context))
            EVP_MAC_update(copy, [4], 1)
            end(copy)
            EVP_MAC_CTX_free(copy)
            end(context)
            // libcrypto 3.0.2 does not begin anew without a key, nor does what ours leaves to it.
            let isOwn = whose == .ours && digest != "SHA1"
            #expect((isOwn ? EVP_MAC_init(context, nil, 0, nil) : EVP_MAC_init(context, key, 150, nil)) == 1)
            EVP_MAC_update(context, [5], 1)
            end(context)
            made.append([UInt8(EVP_MAC_CTX_get_mac_size(context))])
            EVP_MAC_CTX_free(context)
            return made
        }
        #expect(try rounds(.ours) == rounds(.theirs))
    }
}
