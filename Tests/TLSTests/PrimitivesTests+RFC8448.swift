import Testing

/// What ours and libcrypto's derive is what stands in RFC 8448, whose traces are of SHA-256 alone.
extension PrimitivesTests {
    /// Section 3: from the shared secret to the key that the session is resumed by.
    @Test(arguments: [Whose.ours, .theirs])
    func `a full handshake has the secrets of RFC 8448`(whose: Whose) throws {
        let early = try #require(extract(whose, nil, after: nil))
        #expect(early == octets("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"))
        let shared = octets("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
        let handshake = try #require(extract(whose, shared, after: early))
        #expect(handshake == octets("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"))
        let hello = octets("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")
        let ofClient = octets("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
        #expect(expand(whose, handshake, "c hs traffic", hello) == ofClient)
        let traffic = octets("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        #expect(expand(whose, handshake, "s hs traffic", hello) == traffic)
        #expect(expand(whose, traffic, "key", to: 16) == octets("3fce516009c21727d0f2e4e86ee403bc"))
        #expect(expand(whose, traffic, "iv", to: 12) == octets("5d313eb2671276ee13000b30"))
        let key = octets("008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8")
        #expect(expand(whose, traffic, "finished") == key)
        let verified = finished(
            whose, key, octets("edb7725fa7a3473b031ec8ef65a2485493900138a2b91291407d7951a06110ed"))
        #expect(verified == octets("9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718"))
        let main = try #require(extract(whose, nil, after: handshake))
        #expect(main == octets("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"))
        let flight = octets("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
        let application = octets("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
        #expect(expand(whose, main, "s ap traffic", flight) == application)
        let ending = octets("209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d")
        let resumption = octets("7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c")
        #expect(expand(whose, main, "res master", ending) == resumption)
        #expect(expand(whose, resumption, "resumption", [0, 0]) == resumptionKey)
    }

    /// Section 4: from that key to the binder, by which the client proves that it has it.
    @Test(arguments: [Whose.ours, .theirs])
    func `a resumption has the binder of RFC 8448`(whose: Whose) throws {
        let early = try #require(extract(whose, resumptionKey, after: nil))
        #expect(early == octets("9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c"))
        let nothing = octets("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let binder = octets("69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256")
        #expect(expand(whose, early, "res binder", nothing) == binder)
        let key = octets("5588673e72cb59c87d220caffe94f2dea9a3b1609f7d50e90a48227db9ed7eaa")
        #expect(expand(whose, binder, "finished") == key)
        let proof = finished(
            whose, key, octets("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14"))
        #expect(proof == octets("3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d"))
    }

    private var resumptionKey: [UInt8] {
        octets("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3")
    }

    /// HKDF-Extract, as libssl asks for it: from the secret of the step before.
    private func extract(_ whose: Whose, _ key: [UInt8]?, after secret: [UInt8]?) -> [UInt8]? {
        var given: [Parameter] = [
            .word("mode", "EXTRACT_ONLY"), .word("digest", "SHA2-256"), .bytes("prefix", Array("tls13 ".utf8)),
            .bytes("label", Array("derived".utf8)),
        ]
        if let key { given.append(.bytes("key", key)) }
        if let secret { given.append(.bytes("salt", secret)) }
        return derive("TLS13-KDF", whose, 32, given)
    }

    /// HKDF-Expand-Label.
    private func expand(
        _ whose: Whose, _ secret: [UInt8], _ label: String, _ context: [UInt8] = [], to count: Int = 32
    ) -> [UInt8]? {
        derive(
            "TLS13-KDF", whose, count,
            [
                .word("mode", "EXPAND_ONLY"), .word("digest", "SHA2-256"), .bytes("key", secret),
                .bytes("prefix", Array("tls13 ".utf8)), .bytes("label", Array(label.utf8)), .bytes("data", context),
            ])
    }

    private func finished(_ whose: Whose, _ key: [UInt8], _ transcript: [UInt8]) -> [UInt8]? {
        mac(whose, key: key, [transcript], [.word("digest", "SHA2-256")])
    }

    private func octets(_ text: String) -> [UInt8] {
        stride(from: 0, to: text.utf8.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
    }
}
