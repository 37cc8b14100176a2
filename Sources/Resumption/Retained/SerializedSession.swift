internal import RepriseVocabulary

/// The serialised form of a session: a mark, how the client names it, details of its connection, and its DER.
struct SerializedSession {
    let handle: ResumptionHandle
    let serverName: String?
    let applicationProtocol: String?
    let der: Secret

    private static let mark: [UInt8] = Array("RSN1".utf8)

    init(handle: ResumptionHandle, serverName: String?, applicationProtocol: String?, der: Secret) {
        (self.handle, self.der) = (handle, der)
        (self.serverName, self.applicationProtocol) = (serverName, applicationProtocol)
    }

    /// - Returns: `nil` for bytes that ``encoded`` does not make.
    init?(_ bytes: Secret) {
        let parts: (ResumptionHandle, String?, String?, Secret)? = bytes.withBytes { bytes in
            var reader = ByteReader(bytes)
            guard reader.take(Self.mark.count)?.elementsEqual(Self.mark) == true, let kind = reader.byte(), kind <= 1,
                let name = reader.take(kind == 0 ? TicketKeyName.byteCount : SessionKey.byteCount)
            else { return nil }
            let handle =
                kind == 0
                ? TicketKeyName(name).map(ResumptionHandle.ticket) : SessionKey(name).map(ResumptionHandle.stored)
            guard let handle, let serverName = Self.text(&reader), let applicationProtocol = Self.text(&reader) else {
                return nil
            }
            let der = Secret(copying: reader.rest)
            return (
                handle, serverName.isEmpty ? nil : serverName, applicationProtocol.isEmpty ? nil : applicationProtocol,
                der
            )
        }
        guard let parts else { return nil }
        (handle, serverName, applicationProtocol, der) = parts
    }

    /// Takes a text with its length in front.
    private static func text(_ reader: inout ByteReader) -> String? {
        reader.vector8().map { String(decoding: $0.rest, as: UTF8.self) }
    }

    var encoded: Secret {
        var front = Self.mark
        switch handle {
        case .ticket(let name):
            front.append(0)
            name.withBytes { front.append(contentsOf: $0) }
        case .stored(let key):
            front.append(1)
            key.withBytes { front.append(contentsOf: $0) }
        }
        for text in [serverName, applicationProtocol] {
            // A name can be longer when escaped; one that does not fit is left out.
            let bytes = text.map { $0.utf8.count < 256 ? Array($0.utf8) : [] } ?? []
            front.append(UInt8(bytes.count))
            front += bytes
        }
        return Secret(count: front.count + der.count) { target in
            front.withUnsafeBytes { target.copyMemory(from: $0) }
            der.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[front.count...]).copyMemory(from: $0) }
        }
    }
}

/// Why bytes are no session that can be used here.
///
/// ```swift
/// guard let bytes = session.serialized() else { return }
/// do {
///     try await RetainedSession(serialized: bytes, in: context).store(at: .now)
/// } catch SessionFormatError.otherContext {
///     print("it was made for another host or another client_auth policy")
/// }
/// ```
public enum SessionFormatError: Error, Sendable, Hashable {
    /// They are not the serialised form of a session, or only a part of it.
    case notASession
    /// Another version of the program wrote what it remembers.
    case otherVersion
    /// The session belongs to another session domain or host, or to another client_auth policy.
    case otherContext
}

extension SessionFormatError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notASession: "the bytes are no serialised session"
        case .otherVersion: "the session was written by another version"
        case .otherContext: "the session belongs to another domain, host or client_auth policy"
        }
    }
}
