import CRepriseOpenSSL

/// The libssl that runs, for what is not the same in all of them.
enum LibraryVersion {
    /// Whether it is of OpenSSL 3.0, and older than this patch release.
    static func is3_0(before patch: UInt) -> Bool {
        let version = OpenSSL_version_num()
        return version >> 20 == 0x300 && (version >> 4) & 0xff < patch
    }

    /// Whether it is one of 3.1 to 3.4, whose patch releases got some corrections late or never.
    static var isBetweenLongTermReleases: Bool { (0x301...0x304).contains(OpenSSL_version_num() >> 20) }

    static var text: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
