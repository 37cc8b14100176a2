/// The words of OpenSSL's cipher lists that are not names of ciphers (openssl-ciphers(1), CIPHER STRINGS).
///
/// libssl silently skips a word it does not know, and some of these select nothing in a given build; only a list of
/// them tells a misspelling from an empty selection.
enum CipherListWords {
    static let keywords: Set<String> = [
        "DEFAULT", "COMPLEMENTOFDEFAULT", "ALL", "COMPLEMENTOFALL", "HIGH", "MEDIUM", "LOW", "EXP", "EXPORT",
        "EXPORT40",
        "EXPORT56", "eNULL", "NULL", "aNULL", "kRSA", "aRSA", "RSA", "kDHr", "kDHd", "kDH", "kDHE", "kEDH", "DHE",
        "EDH",
        "ADH", "kEECDH", "kECDHE", "ECDHE", "EECDH", "AECDH", "aDSS", "DSS", "aDH", "aECDSA", "ECDSA", "TLSv1.2",
        "TLSv1.0", "TLSv1", "SSLv3", "AES128", "AES256", "AES", "AESGCM", "AESCCM", "AESCCM8", "ARIA128", "ARIA256",
        "ARIA", "ARIAGCM", "CAMELLIA128", "CAMELLIA256", "CAMELLIA", "CHACHA20", "3DES", "DES", "RC4", "RC2", "IDEA",
        "SEED", "MD5", "SHA1", "SHA", "SHA256", "SHA384", "aGOST", "aGOST01", "aGOST12", "kGOST", "kGOST18", "GOST94",
        "GOST89", "GOST89MAC", "GOST12", "GOST2012", "GOST", "PSK", "kPSK", "kECDHEPSK", "kDHEPSK", "kRSAPSK", "aPSK",
        "SRP", "kSRP", "aSRP", "CBC", "SUITEB128", "SUITEB128ONLY", "SUITEB128C2", "SUITEB192", "FIPS", "AESCBC",
    ]

    /// What is wrong with one item of a list, or `nil`.
    static func fault(in item: String, asking scratch: ScratchContext) -> String? {
        if item.hasPrefix("@") { return commandFault(item) }
        var words = Substring(item)
        var excludes = false
        if let first = words.first, "!-+".contains(first) {
            excludes = first != "+"
            words.removeFirst()
        }
        guard !words.isEmpty else { return "'\(item)' names no cipher" }
        if words.hasPrefix("TLS_"), scratch.takesCiphersuites(String(words)) {
            return "'\(words)' is a TLS 1.3 ciphersuite: it belongs in ciphersuites"
        }
        for word in words.split(separator: "+", omittingEmptySubsequences: false) {
            guard !keywords.contains(String(word)) else { continue }
            // Level 0, so that a cipher that is only too weak for the level is not called unknown.
            guard scratch.selectsCiphers("\(word):@SECLEVEL=0") else {
                return "libssl knows no cipher or keyword '\(word)'"
            }
        }
        if !excludes, words.contains("+"), !scratch.selectsCiphers("\(words):@SECLEVEL=0") {
            return "'\(words)' selects no cipher of this libssl"
        }
        return nil
    }

    private static func commandFault(_ command: String) -> String? {
        if command == "@STRENGTH" { return nil }
        guard command.hasPrefix("@SECLEVEL=") else {
            return "'\(command)' is no command of a cipher list: there are @STRENGTH and @SECLEVEL=0 to 5"
        }
        let level = command.dropFirst("@SECLEVEL=".count)
        guard level.utf8.count == 1, let number = Int(level), (0...5).contains(number) else {
            return "'\(command)': a security level is 0 to 5"
        }
        return nil
    }
}
