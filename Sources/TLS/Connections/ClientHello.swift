import RepriseVocabulary

/// What the proxy reads of a ClientHello by itself, before libssl acts on it.
///
/// Parsed strictly: an extension that is not exactly what its RFC says is an error, never a guess.
struct ClientHello: Equatable {
    /// The host_name of the server_name extension (RFC 6066 §3): 1 to 255 bytes, none of them zero.
    var serverName: [UInt8]?
    /// The protocols of the ALPN extension (RFC 7301 §3.1).
    var protocols: [[UInt8]]?
    /// The numbers in the supported_versions extension (RFC 8446 §4.2.1).
    var versions: [UInt16]?
    /// What it offers to resume, and how many tickets it would like.
    var resumption = ResumptionRequest()
}

/// An extension of a ClientHello that does not parse; the sentence says which and why.
struct ClientHelloError: Error, Equatable {
    let text: String
}

extension ClientHello {
    /// Parses the extensions; `nil` stands for one that is not there.
    init(
        serverName: UnsafeBufferPointer<UInt8>?, protocols: UnsafeBufferPointer<UInt8>?,
        versions: UnsafeBufferPointer<UInt8>?, resumption: ResumptionRequest
    ) throws(ClientHelloError) {
        if let serverName { self.serverName = try Self.hostName(serverName) }
        if let protocols { self.protocols = try Self.protocolNames(protocols) }
        if let versions { self.versions = try Self.versionNumbers(versions) }
        self.resumption = resumption
    }

    /// A list with one entry of type host_name. RFC 6066 forbids two of a type and knows no other type, and libssl
    /// takes no list of more than one entry either.
    private static func hostName(_ bytes: UnsafeBufferPointer<UInt8>) throws(ClientHelloError) -> [UInt8] {
        var reader = ByteReader(bytes)
        guard var list = reader.vector16(), reader.isAtEnd, !list.isAtEnd else {
            throw ClientHelloError(text: "server_name: the list's length is wrong")
        }
        guard list.byte() == 0 else { throw ClientHelloError(text: "server_name: the name's type is not host_name") }
        guard let name = list.vector16() else { throw ClientHelloError(text: "server_name: the name is cut off") }
        guard list.isAtEnd else { throw ClientHelloError(text: "server_name: more than one name") }
        guard (1...TLSLimits.serverNameBytes).contains(name.rest.count) else {
            throw ClientHelloError(text: "server_name: a name of \(name.rest.count) bytes")
        }
        guard !name.rest.contains(0) else { throw ClientHelloError(text: "server_name: a zero byte in the name") }
        return Array(name.rest)
    }

    private static func protocolNames(_ bytes: UnsafeBufferPointer<UInt8>) throws(ClientHelloError) -> [[UInt8]] {
        var reader = ByteReader(bytes)
        guard var list = reader.vector16(), reader.isAtEnd, !list.isAtEnd else {
            throw ClientHelloError(text: "ALPN: the list's length is wrong")
        }
        var names: [[UInt8]] = []
        while !list.isAtEnd {
            guard let name = list.vector8() else { throw ClientHelloError(text: "ALPN: a name is cut off") }
            guard !name.isAtEnd else { throw ClientHelloError(text: "ALPN: an empty name") }
            names.append(Array(name.rest))
        }
        return names
    }

    private static func versionNumbers(_ bytes: UnsafeBufferPointer<UInt8>) throws(ClientHelloError) -> [UInt16] {
        var reader = ByteReader(bytes)
        guard var list = reader.vector8(), reader.isAtEnd, !list.isAtEnd else {
            throw ClientHelloError(text: "supported_versions: the list's length is wrong")
        }
        var versions: [UInt16] = []
        while !list.isAtEnd {
            guard let version = list.number16() else {
                throw ClientHelloError(text: "supported_versions: an odd length")
            }
            versions.append(version)
        }
        return versions
    }
}
