import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct SettingsTests {
    private func faults(_ change: (inout TLSSettings) -> Void) -> [String] {
        var settings = TLSSettings.intermediate
        change(&settings)
        return settings.faults().map(\.description)
    }

    @Test(arguments: TLSProfile.allCases)
    func `a profile has no faults, and a context can be built of it`(_ profile: TLSProfile) throws {
        #expect(profile.settings.faults().isEmpty)
        _ = try MemoryServer.context(MemoryServer.settings(profile.settings))
    }

    @Test func `profiles leave out what this libssl lacks, and nothing else`() {
        #expect(TLSSettings.intermediate.groups.hasSuffix("X25519:prime256v1:secp384r1"))
        #expect(TLSSettings.intermediate.ciphers.split(separator: ":").count == 6)
        #expect(TLSSettings.old.ciphers.hasSuffix("@SECLEVEL=0"))
        #expect(TLSSettings.modern.minimumVersion == .tls1_3)
        #expect(TLSSettings.old.serverPrefersOrder && !TLSSettings.intermediate.serverPrefersOrder)
    }

    @Test func `each unknown item of each list is named`() {
        let found = faults {
            $0.ciphers = "ECDHE-RSA-AES128-GCM-SHA256:NOPE:HIGH:!aNUL:ECDHE+AESGMC"
            $0.ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_NO_SUCH"
            $0.groups = "X25519:P-257:X25519MLKEM769"
            $0.signatureAlgorithms = "ecdsa_secp256r1_sha256:rsa_md6"
        }
        #expect(
            found == [
                "ciphers: libssl knows no cipher or keyword 'NOPE'",
                "ciphers: libssl knows no cipher or keyword 'aNUL'",
                "ciphers: libssl knows no cipher or keyword 'AESGMC'",
                "ciphersuites: libssl knows no TLS 1.3 ciphersuite 'TLS_NO_SUCH'",
                "groups: libssl knows no group 'P-257'",
                "groups: libssl knows no group 'X25519MLKEM769'",
                "signature_algorithms: libssl knows no signature algorithm 'rsa_md6'",
            ])
    }

    @Test(arguments: [
        "HIGH:!aNULL:!MD5:!RC4", "DEFAULT@SECLEVEL=1", "ECDHE+AESGCM:@STRENGTH", "ALL:!COMPLEMENTOFDEFAULT:+AES",
        "kECDHE:-CAMELLIA", "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-GCM-SHA256",
    ])
    func `cipher lists that OpenSSL documents have no faults`(_ list: String) {
        #expect(faults { $0.ciphers = list }.isEmpty)
    }

    @Test(arguments: [
        ("TLS_AES_128_GCM_SHA256", "it belongs in ciphersuites"), ("HIGH:@SECLEVEL=9", "a security level is 0 to 5"),
        ("HIGH:@SECLVL=1", "is no command"), ("!ALL", "the list selects no cipher"), ("", "the list selects no cipher"),
        ("HIGH:!", "names no cipher"), ("HI\0GH", "zero byte"),
    ])
    func `a cipher list that cannot be meant is a fault`(_ list: String, _ message: String) {
        let found = faults { $0.ciphers = list }
        #expect(found.count == 1)
        #expect(found.first?.contains(message) == true, "\(found)")
    }

    @Test func `versions that exclude each other, or cannot work, are a fault`() {
        #expect(
            faults { ($0.minimumVersion, $0.maximumVersion) = (.tls1_3, .tls1_2) }
                == ["versions: the minimum version 1.3 is above the maximum 1.2"])
        #expect(faults { $0.minimumVersion = .tls1_0 }.first?.contains("needs @SECLEVEL=0") == true)
        #expect(
            faults {
                $0.minimumVersion = .tls1_0
                $0.ciphers += ":@SECLEVEL=0"
            }.isEmpty)
    }

    @Test(arguments: [("X25519:X25519", "named twice"), ("X25519:", "one colon too many"), ("", "the list is empty")])
    func `a list of groups with a slip is a fault`(_ list: String, _ message: String) {
        let found = faults { $0.groups = list }
        #expect(found.count == 1)
        #expect(found.first?.contains(message) == true, "\(found)")
    }

    @Test func `asking leaves the error queue empty`() {
        _ = faults {
            $0.groups = "nope"
            $0.ciphers = "nope"
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `versions are read and written as the file and OpenSSL have them`() {
        #expect(TLSVersion(parsing: "1.2") == .tls1_2)
        #expect(TLSVersion(parsing: "1.4") == nil)
        #expect(TLSVersion(parsing: "TLSv1.2") == nil)
        #expect(TLSVersion.allCases.map(\.description) == ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
        #expect(TLSVersion.tls1_0 < .tls1_3)
    }
}
