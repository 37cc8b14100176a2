import RepriseVocabulary
import Testing

@testable import RepriseRouting

/// In which order connections try the addresses that a name has.
@Suite struct ServerAddressesTests {
    private static let start = Instant(nanoseconds: 0)

    private func target(_ port: UInt16, priority: UInt16 = 0, weight: UInt16 = 0) -> ServiceTarget {
        ServiceTarget(priority: priority, weight: weight, endpoints: [.ip(.loopback4, port: port)])
    }

    private func address(_ port: UInt16) -> Endpoint { .ip(.loopback4, port: port) }

    private func firsts(_ targets: [ServiceTarget], of count: Int) -> [UInt16: Int] {
        let addresses = ServerAddresses()
        addresses.replace(by: targets)
        var counts: [UInt16: Int] = [:]
        for _ in 0..<count {
            let order = addresses.nextOrder(at: Self.start)
            #expect(Set(order).count == targets.count)
            if case .ip(_, let port)? = order.first { counts[port, default: 0] += 1 }
        }
        return counts
    }

    @Test func `a service's hosts come first as often as their weights say`() {
        #expect(firsts([target(1, weight: 3), target(2, weight: 1)], of: 400) == [1: 300, 2: 100])
        #expect(firsts([target(1), target(2)], of: 100) == [1: 50, 2: 50])
    }

    @Test func `weights of any size come out within a percent, and a weight of zero is the least share`() {
        let counts = firsts([target(1, weight: 60_000), target(2, weight: 20_000), target(3, weight: 0)], of: 10_000)
        #expect(abs((counts[1] ?? 0) - 7_500) < 200 && abs((counts[2] ?? 0) - 2_500) < 200, "\(counts)")
        #expect((1...200).contains(counts[3] ?? 0), "\(counts)")
    }

    @Test func `a host of a higher priority comes after all others`() {
        let addresses = ServerAddresses()
        addresses.replace(by: [target(3, priority: 9, weight: 100), target(1, weight: 1), target(2, weight: 1)])
        for _ in 0..<10 { #expect(addresses.nextOrder(at: Self.start).last == .ip(.loopback4, port: 3)) }
    }

    @Test func `weights hold, however many hosts of a higher priority there are`() {
        let spares = (3...5).map { target($0, priority: 20, weight: 1) }
        let counts = firsts([target(1, priority: 10, weight: 1), target(2, priority: 10, weight: 1)] + spares, of: 300)
        #expect(counts == [1: 150, 2: 150])
    }

    @Test func `an address that has failed comes last until its time is over, or until it takes a connection`() {
        let addresses = ServerAddresses([1, 2, 3].map(address))
        addresses.failed(address(1), at: Self.start)
        #expect(addresses.nextOrder(at: Self.start) == [2, 3, 1].map(address))
        #expect(addresses.nextOrder(at: Self.start + ServerAddresses.failureMemory) == [1, 2, 3].map(address))
        addresses.failed(address(1), at: Self.start)
        addresses.succeeded(address(1))
        #expect(addresses.nextOrder(at: Self.start) == [1, 2, 3].map(address))
    }

    @Test func `an address that failed keeps its place when DNS says the same, and none that has gone is remembered`() {
        let addresses = ServerAddresses([1, 2].map(address))
        addresses.failed(address(1), at: Self.start)
        addresses.failed(address(9), at: Self.start)
        addresses.replace(by: [target(1), target(2)])
        let orders = Set((0..<4).map { _ in addresses.nextOrder(at: Self.start) })
        #expect(orders == [[address(2), address(1)]])
        addresses.replace(by: [target(2)])
        addresses.replace(by: [target(1)])
        addresses.replace(by: [ServiceTarget(endpoints: [address(1), address(9)])])
        #expect(addresses.nextOrder(at: Self.start) == [address(1), address(9)])
    }

    @Test func `who only looks takes nobody's turn`() {
        let addresses = ServerAddresses()
        addresses.replace(by: [target(1), target(2)])
        for _ in 0..<3 { #expect(addresses.presentOrder(at: Self.start) == addresses.presentOrder(at: Self.start)) }
        let before = addresses.presentOrder(at: Self.start)
        #expect(addresses.nextOrder(at: Self.start) == before && addresses.presentOrder(at: Self.start) != before)
    }

    @Test func `two families come in turn, beginning with the preferred one`() {
        let texts = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"]
        let endpoints = texts.compactMap { Endpoint(parsing: $0) }
        let expected = ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]
        #expect(endpoints.interleaved.map(\.description) == expected)
        #expect([Endpoint]().interleaved == [])
    }

    @Test(arguments: [
        "srv:_http._tcp.example.test", "srv:_a._tcp.x", "srv:_HTTP._TCP.Example.Test.",
    ])
    func `a service is written so`(text: String) { #expect(ServiceName(parsing: text) != nil) }

    @Test(arguments: [
        "_http._tcp.example.test", "srv:", "srv:http._tcp.example.test", "srv:_http._udp.example.test",
        "srv:_http._tcp",
        "srv:_._tcp.example.test", "srv:_http._tcp.example.test:80", "srv:_http._tcp..test",
    ])
    func `and not so`(text: String) { #expect(ServiceName(parsing: text) == nil) }
}
