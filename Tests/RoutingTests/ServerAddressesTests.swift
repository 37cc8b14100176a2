import RepriseVocabulary
import Testing

@testable import RepriseRouting

/// In which order connections try the addresses that a name has.
@Suite struct ServerAddressesTests {
    private func target(_ port: UInt16, priority: UInt16 = 0, weight: UInt16 = 0) -> ServiceTarget {
        ServiceTarget(priority: priority, weight: weight, endpoints: [.ip(.loopback4, port: port)])
    }

    private func firsts(_ targets: [ServiceTarget], of count: Int) -> [UInt16: Int] {
        let addresses = ServerAddresses()
        addresses.replace(by: targets)
        var counts: [UInt16: Int] = [:]
        for _ in 0..<count {
            let order = addresses.nextOrder()
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
        for _ in 0..<10 { #expect(addresses.nextOrder().last == .ip(.loopback4, port: 3)) }
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
