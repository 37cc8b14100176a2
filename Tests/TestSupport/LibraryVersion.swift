import CRepriseOpenSSL

/// The libssl that runs, for what is not the same in all of them.
package enum LibraryVersion {
    /// Whether it is of OpenSSL 3.0, and older than this patch release.
    package static func is3_0(before patch: UInt) -> Bool {
        let version = OpenSSL_version_num()
        return version >> 20 == 0x300 && (version >> 4) & 0xff < patch
    }

    /// Whether it is one of 3.1 to 3.4, whose patch releases got some corrections late or never.
    package static var isBetweenLongTermReleases: Bool { (0x301...0x304).contains(OpenSSL_version_num() >> 20) }

    /// Whether it is one that lacks what later patch releases of all branches have.
    package static var isOld: Bool { is3_0(before: 14) || isBetweenLongTermReleases }

    package static var text: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
