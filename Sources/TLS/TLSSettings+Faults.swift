/// Something in a user's own settings that libssl cannot do.
package struct SettingFault: Sendable, Hashable {
    package let part: TLSSettings.Part
    package let message: String
}

extension TLSSettings {
    /// Everything that is wrong with the settings; libssl itself passes over unknown ciphers in silence.
    package func faults() -> [SettingFault] {
        var faults: [SettingFault] = []
        func fault(_ part: Part, _ message: String) { faults.append(SettingFault(part: part, message: message)) }
        if minimumVersion > maximumVersion {
            fault(
                .versions, "the minimum version \(minimumVersion.number) is above the maximum \(maximumVersion.number)")
        }
        for element in Self.elements(ciphers) where !Self.isDirective(element) && !Library.knows(cipher: element) {
            fault(.ciphers, "unknown cipher \"\(element)\"")
        }
        if faults.isEmpty, minimumVersion < .tls1_3, ciphers.isEmpty || !Library.knows(cipher: ciphers) {
            fault(.ciphers, "no cipher is left for TLS 1.2 and before")
        }
        for name in Self.elements(ciphersuites) where !Library.knows(ciphersuite: name) {
            fault(.ciphersuites, "unknown TLS 1.3 cipher suite \"\(name)\"")
        }
        if maximumVersion == .tls1_3, Self.elements(ciphersuites).isEmpty {
            fault(.ciphersuites, "no cipher suite is left for TLS 1.3")
        }
        for name in Self.elements(groups) where !Library.knows(group: name) {
            fault(.groups, "unknown group \"\(name)\"; \(Library.version) does not have it")
        }
        if Self.elements(groups).isEmpty { fault(.groups, "at least one group is needed") }
        if let signatureAlgorithms {
            for name in Self.elements(signatureAlgorithms) where !Library.knows(signatureAlgorithm: name) {
                fault(.signatureAlgorithms, "unknown signature algorithm \"\(name)\"")
            }
            if Self.elements(signatureAlgorithms).isEmpty {
                fault(.signatureAlgorithms, "at least one signature algorithm is needed")
            }
        }
        return faults
    }

    private static func elements(_ list: String) -> [String] {
        list.split { $0 == ":" || $0 == "," || $0 == " " }.map(String.init)
    }

    /// `@SECLEVEL=2`, `!aNULL`, `-RC4`, `+AES`: what changes the list instead of adding to it.
    private static func isDirective(_ element: String) -> Bool {
        ["@", "!", "-", "+"].contains(element.prefix(1))
    }
}
