import RepriseVocabulary
import Testing

@Suite struct IPNetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("::/0", "1.2.3.4", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1/32", "192.0.2.2", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8::8000:0:0:0/65", "2001:db8::ffff:0:0:1", true), ("2001:db8::8000:0:0:0/65", "2001:db8::1", false),
        ("::1/128", "::1", true), ("fe80::/64", "fe80::1", true),
    ])
    func `a network contains the addresses that share its first bits`(
        _ network: String, _ address: String, _ isInside: Bool
    ) throws {
        let network = try #require(IPNetwork(parsing: network))
        let address = try #require(IPAddress(parsing: address))
        #expect(network.contains(address) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0/8", "::/129", "::1/64",
        "10.0.0.0/8/8", "a/8", "::ffff:10.0.0.0/104", "10.0.0.0/ 8",
    ])
    func `what is no network is none`(_ text: String) {
        #expect(IPNetwork(parsing: text) == nil)
    }

    @Test func `a network is written as it is read`() {
        for text in ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0"] {
            #expect(IPNetwork(parsing: text)?.description == text)
        }
        #expect(IPNetwork(parsing: "192.0.2.1/32")?.description == "192.0.2.1")
    }
}
