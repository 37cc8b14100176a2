internal import RepriseVocabulary

extension TLSSettings {
    /// Everything in these settings that this libssl does not know or cannot do, item by item.
    ///
    /// A profile's own parts have no faults: they leave out what libssl lacks.
    package func faults() -> [SettingFault] {
        let scratch: ScratchContext
        do {
            scratch = try ScratchContext()
        } catch {
            return [SettingFault(part: .versions, message: "\(error)")]
        }
        return versionFaults(scratch) + cipherFaults(scratch) + ciphersuiteFaults(scratch)
            + listFaults(groups, .groups, "group", scratch.takesGroups)
            + (signatureAlgorithms.map {
                listFaults($0, .signatureAlgorithms, "signature algorithm", scratch.takesSignatureAlgorithms)
            } ?? [])
    }

    private func versionFaults(_ scratch: ScratchContext) -> [SettingFault] {
        guard minimumVersion <= maximumVersion else {
            return [
                SettingFault(
                    part: .versions,
                    message: "the minimum version \(minimumVersion.number) is above the maximum "
                        + maximumVersion.number)
            ]
        }
        // TLS 1.0 and 1.1 sign with MD5 and SHA-1, which libssl 3.0 allows at level 0 only: without that level such a
        // setting would promise versions that no client can get.
        guard minimumVersion < .tls1_2, scratch.securityLevel(after: ciphers) > 0 else { return [] }
        return [
            SettingFault(
                part: .versions,
                message:
                    "version \(minimumVersion.number) needs @SECLEVEL=0 at the end of ciphers (it signs with SHA-1)")
        ]
    }

    private func cipherFaults(_ scratch: ScratchContext) -> [SettingFault] {
        guard let clean = Self.clean(ciphers) else {
            return [SettingFault(part: .ciphers, message: "the list holds a zero byte")]
        }
        let items = clean.split { ": ,;".contains($0) }
        var faults = items.compactMap { item in
            CipherListWords.fault(in: String(item), asking: scratch).map { SettingFault(part: .ciphers, message: $0) }
        }
        if faults.isEmpty, minimumVersion < .tls1_3, !scratch.selectsCiphers(clean) {
            faults.append(SettingFault(part: .ciphers, message: "the list selects no cipher"))
        }
        return faults
    }

    private func ciphersuiteFaults(_ scratch: ScratchContext) -> [SettingFault] {
        guard maximumVersion >= .tls1_3 || !ciphersuites.isEmpty else { return [] }
        return listFaults(ciphersuites, .ciphersuites, "TLS 1.3 ciphersuite", scratch.takesCiphersuites)
    }

    private func listFaults(
        _ list: String, _ part: TLSSettingsPart, _ noun: String, _ takes: (String) -> Bool
    ) -> [SettingFault] {
        guard let list = Self.clean(list) else {
            return [SettingFault(part: part, message: "the list holds a zero byte")]
        }
        guard !list.isEmpty else { return [SettingFault(part: part, message: "the list is empty")] }
        let items = list.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var faults = items.filter { $0.isEmpty || !takes($0) }.map { item in
            SettingFault(
                part: part,
                message: item.isEmpty
                    ? "an empty item: one colon too many" : "libssl knows no \(noun) '\(item)'")
        }
        let twice = Dictionary(grouping: items, by: { $0.lowercased() }).values.filter { $0.count > 1 }
        faults += twice.map { SettingFault(part: part, message: "the \(noun) '\($0[0])' is named twice") }
            .sorted { $0.message < $1.message }
        if faults.isEmpty, !takes(list) {
            faults.append(SettingFault(part: part, message: "libssl does not take the list '\(list)'"))
        }
        return faults
    }

    /// The text, unless C would see only a part of it.
    private static func clean(_ text: String) -> String? {
        text.utf8.contains(0) ? nil : text
    }
}
