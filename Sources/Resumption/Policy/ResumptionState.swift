internal import RepriseTLS
public import RepriseVocabulary

/// What a session remembers beside its secrets, in a form of its own inside the session's application data.
///
/// It comes back only out of a ticket that we sealed or a store that we filled, so it is what we wrote; it is parsed
/// strictly all the same, since another version of the program may have written it.
struct ResumptionState: Hashable {
    /// A client's certificates as a revocation list names them, from the leaf upwards.
    struct Peer: Hashable {
        var notAfter: WallTime
        /// At most ``Limits/rememberedCertificates``; `nil` when the chain was longer.
        var certificates: [PeerChain.Certificate]?
    }

    var lineage: Lineage
    /// When this session's lifetime is over.
    var expires: WallTime
    /// Identifies the host, apart from its policy.
    var host: HostDigest
    /// The server_name of a TLS 1.2 session, in lower case; empty for none. TLS 1.3 lets the name change.
    var name: [UInt8]
    var peer: Peer?
    /// The client's own certificate.
    var certificate: PeerChain.Certificate? { peer?.certificates?.first }
    /// What a router put into the session.
    private(set) var applicationData: [UInt8] = []
    /// When it was set, in milliseconds since 1970; 0: never. The last value set counts.
    private(set) var applicationDataSet: UInt64 = 0

    /// The upstream server that has the client.
    var upstream: Stamped<UpstreamMemory>?

    /// Without an upstream it is what earlier versions of the program read and write.
    private static let version: UInt8 = 2
    private static let versionWithUpstream: UInt8 = 3

    /// The bytes, at most ``ResumptionLimits/stateBytes``.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append(upstream == nil ? Self.version : Self.versionWithUpstream)
        writer.append(lineage.id.high)
        writer.append(lineage.id.low)
        writer.append(lineage.renewals)
        writer.append(UInt64(bitPattern: lineage.authenticatedAt.secondsSinceEpoch))
        writer.append(UInt64(bitPattern: expires.secondsSinceEpoch))
        writer.append(host.value)
        writer.append(UInt8(clamping: name.count))
        writer.append(name)
        if let peer {
            // The count plus one, so that 0 is no certificate at all; 255 is a chain too long to remember.
            writer.append(peer.certificates.map { UInt8($0.count + 1) } ?? 255)
            writer.append(UInt64(bitPattern: peer.notAfter.secondsSinceEpoch))
            for certificate in peer.certificates ?? [] {
                writer.append(certificate.issuer.name)
                writer.append(certificate.issuer.key)
                // The highest bit marks an authority's certificate.
                writer.append(UInt8(certificate.points.count) | (certificate.isAuthority ? 1 << 7 : 0))
                certificate.points.forEach { writer.append($0) }
                writer.append(UInt8(certificate.serial.count))
                writer.append(certificate.serial)
            }
        } else {
            writer.append(UInt8(0))
        }
        if let upstream {
            writer.append(upstream.set)
            writer.append(upstream.value.group)
            writer.append(upstream.value.server)
            writer.append(upstream.value.address)
        }
        // The highest bit says that a time follows.
        writer.append(UInt16(applicationData.count) | (applicationDataSet > 0 ? 1 << 15 : 0))
        if applicationDataSet > 0 { writer.append(applicationDataSet) }
        writer.append(applicationData)
        return writer.bytes
    }

    /// - Returns: `nil` for bytes that ``encoded`` does not make.
    init?(_ bytes: [UInt8]) {
        guard let state = bytes.withUnsafeBytes({ Self(reading: $0) }) else { return nil }
        self = state
    }

    /// The same for lent bytes.
    init?(reading bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        guard let version = reader.byte(), version == Self.version || version == Self.versionWithUpstream,
            let high = reader.number(8), let low = reader.number(8),
            let renewals = reader.number(4), let authenticated = reader.time(), let expires = reader.time(),
            let host = reader.number(8), let nameCount = reader.byte(), let name = reader.take(Int(nameCount)),
            let mark = reader.byte()
        else { return nil }
        let id = LineageID(high: high, low: low)
        lineage = Lineage(id: id, authenticatedAt: authenticated, renewals: UInt32(renewals))
        (self.expires, self.host, self.name) = (expires, HostDigest(value: host), Array(name))
        if mark > 0 {
            guard let notAfter = reader.time() else { return nil }
            var certificates: [PeerChain.Certificate] = []
            for _ in 0..<(mark == 255 ? 0 : Int(mark) - 1) {
                guard let certificate = Self.certificate(&reader) else { return nil }
                certificates.append(certificate)
            }
            guard mark == 255 || certificates.count <= ResumptionLimits.rememberedCertificates else { return nil }
            peer = Peer(notAfter: notAfter, certificates: mark == 255 ? nil : certificates)
        }
        if version == Self.versionWithUpstream {
            guard let set = reader.number(8), let group = reader.number(8), let server = reader.number(8),
                let address = reader.number(8)
            else { return nil }
            upstream = Stamped(value: UpstreamMemory(group: group, server: server, address: address), set: set)
        }
        guard let count = reader.number(2), count & 0x7fff <= ResumptionLimits.applicationDataBytes else { return nil }
        if count >> 15 == 1 {
            guard let set = reader.number(8) else { return nil }
            applicationDataSet = set
        }
        guard let data = reader.take(Int(count & 0x7fff)), reader.isAtEnd else { return nil }
        applicationData = Array(data)
    }

    private static func certificate(_ reader: inout ByteReader) -> PeerChain.Certificate? {
        guard let name = reader.number(4), let key = reader.number(8), let mark = reader.byte(),
            mark & 0x7f <= TLSLimits.distributionPoints
        else { return nil }
        let points = (0..<(mark & 0x7f)).compactMap { _ in reader.number(8) }
        guard points.count == mark & 0x7f, let count = reader.byte(), let serial = reader.take(Int(count)) else {
            return nil
        }
        return PeerChain.Certificate(
            issuer: PeerChain.Issuer(name: UInt32(name), key: key), serial: Array(serial),
            isAuthority: mark >> 7 == 1, points: points)
    }

    /// Why a host's demands now forbid the client's certificates; `nil` when they do not.
    func objection(of clients: ClientAuthentication, at time: WallTime) -> ResumptionRefusal? {
        // A chain too long to remember cannot be judged.
        if let peer, peer.certificates == nil { return .chainTooLong }
        return switch clients.revocation(of: peer?.certificates ?? [], at: time) {
        case .none: nil
        case .revoked: .certificateRevoked
        case .unknown, .outdated: .revocationUnknown
        }
    }

    /// Makes it remember a router's bytes instead of the earlier ones.
    ///
    /// - Parameter time: when they were set, in milliseconds since 1970.
    /// - Returns: `false` for more than ``ResumptionLimits/applicationDataBytes``: then nothing has changed.
    mutating func remember(_ data: [UInt8], set time: UInt64) -> Bool {
        guard data.count <= ResumptionLimits.applicationDataBytes else { return false }
        (applicationData, applicationDataSet) = (data, time)
        return true
    }

    init(lineage: Lineage, expires: WallTime, host: HostDigest, name: [UInt8], peer: PeerChain? = nil) {
        (self.lineage, self.expires, self.host, self.name) = (lineage, expires, host, name)
        self.peer = peer.map { chain in
            let fits =
                chain.certificates.count <= ResumptionLimits.rememberedCertificates
                && chain.certificates.allSatisfy {
                    $0.serial.count < 256 && $0.points.count <= TLSLimits.distributionPoints
                }
            return Peer(notAfter: chain.notAfter, certificates: fits ? chain.certificates : nil)
        }
    }
}

/// All sessions that descend from one full handshake: what we know of them, in whatever ticket or store they are.
///
/// ```swift
/// if let lineage = session.details.lineage {
///     print("one handshake, at \(lineage.authenticatedAt), and \(lineage.renewals) resumptions since")
/// }
/// ```
public struct Lineage: Sendable, Hashable {
    /// Its name.
    public let id: LineageID
    /// When the full handshake was, to the second.
    public let authenticatedAt: WallTime
    /// How often it was resumed: exactly in TLS 1.3, at least that often in TLS 1.2, which need not renew a ticket.
    public internal(set) var renewals: UInt32

    init(id: LineageID, authenticatedAt: WallTime, renewals: UInt32 = 0) {
        self.id = id
        self.authenticatedAt = authenticatedAt
        self.renewals = renewals
    }
}

/// Server names as sessions remember them.
enum ServerNameBytes {
    /// Whether a name that a session remembers is the one asked for.
    static func isName(_ remembered: [UInt8], _ asked: [UInt8]?) -> Bool {
        guard let asked else { return remembered.isEmpty }
        return remembered.count == asked.count && zip(remembered, asked).allSatisfy { $0 == lower($1) }
    }

    /// Names are compared without case (RFC 6066 §3), in ASCII.
    static func comparable(_ name: [UInt8]?) -> [UInt8] {
        name.map { $0.map(lower) } ?? []
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
    }
}
