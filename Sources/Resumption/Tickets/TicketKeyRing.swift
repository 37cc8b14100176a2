package import TLS
package import Vocabulary

package final class TicketKeyRing: Sendable {
    private let key: TicketSecrets
    package init() {
        let bytes = SessionRandom.bytes(64)
        key = TicketSecrets(
            name: SessionRandom.bytes(16),
            encryption: bytes[..<32].withUnsafeBytes { Secret(copying: $0) },
            authentication: bytes[32...].withUnsafeBytes { Secret(copying: $0) })
    }
    package func sealing(at: WallTime) -> TicketSecrets? { key }
    package func opening(named name: UnsafeRawBufferPointer, at: WallTime) -> TicketKeyAnswer {
        name.elementsEqual(key.name) ? .newest(key) : .none
    }
}
