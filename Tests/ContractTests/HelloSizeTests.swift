import CRepriseOpenSSL
import Testing

/// How much of a ClientHello libssl takes: all that its vectors can hold, which is why the bound is Reprise's own.
@Suite struct HelloSizeTests {
    private typealias Extension = (number: Int, body: [UInt8])

    private static func two(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] }
    private static func vector(_ bytes: [UInt8]) -> [UInt8] { two(bytes.count) + bytes }

    /// What a server of TLS 1.2 or 1.3 needs to answer: groups (its certificate's too), signature algorithms, and of TLS 1.3 a version and a share.
    private static func ordinary(_ carrier: Carrier) -> [Extension] {
        let both: [Extension] = [(10, vector(two(29) + two(23))), (13, vector(two(0x0403)))]
        guard carrier.version == TLS1_3_VERSION else { return both }
        let share = two(29) + vector([UInt8](repeating: 9, count: 32))
        return both + [(43, [2, 3, 4]), (51, vector(share)), (45, [1, 1])]
    }

    /// The records of a ClientHello (RFC 8446 §4.1.2), 16 KiB each.
    private static func records(_ extensions: [Extension]) -> [UInt8] {
        let list = extensions.flatMap { two($0.number) + vector($0.body) }
        let head: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0]
        let body = head + vector([0xc0, 0x2b, 0x13, 0x01]) + [1, 0] + vector(list)
        let message = [1, UInt8(body.count >> 16)] + two(body.count & 0xffff) + body
        return stride(from: 0, to: message.count, by: 16_384).flatMap { start in
            [22, 3, 1] + vector(Array(message[start..<min(start + 16_384, message.count)]))
        }
    }

    /// What libssl says of it; `nil` when it has answered with a ServerHello and waits for more.
    private func complaint(_ carrier: Carrier, _ extension: Extension) -> String? {
        let link = Link(Context.server(carrier), Context.client(carrier))
        // The pre-shared keys come last.
        link.forge(Self.records(Self.ordinary(carrier) + [`extension`]))
        link.server.handshake()
        #expect(link.server.failure != nil || link.server.trouble == .wantsRead)
        return link.server.failure
    }

    @Test(arguments: Carrier.allCases, [0, 1, 16 << 10, 32 << 10, 65_400])
    func `a ClientHello of any size is answered`(carrier: Carrier, padding: Int) {
        #expect(complaint(carrier, (21, [UInt8](repeating: 0, count: padding))) == nil)
    }

    @Test(arguments: Carrier.tls12, [0, 1, 1 << 10, 16 << 10, 32 << 10, 65_400])
    func `a ticket of any size that nobody can open is a full handshake`(carrier: Carrier, count: Int) {
        #expect(complaint(carrier, (35, [UInt8](repeating: 5, count: count))) == nil)
    }

    @Test(arguments: Carrier.tls13, [1, 32, 1 << 10, 16 << 10, 32 << 10, 65_300])
    func `an identity of any size that nobody knows is a full handshake`(carrier: Carrier, count: Int) {
        let identity = Self.vector([UInt8](repeating: 5, count: count)) + [0, 0, 0, 0]
        let binder = [32] + [UInt8](repeating: 6, count: 32)
        #expect(complaint(carrier, (41, Self.vector(identity) + Self.vector(binder))) == nil)
    }
}
