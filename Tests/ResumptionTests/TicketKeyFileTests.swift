import RepriseResumption
import RepriseVocabulary
import Testing

/// Bytes that count up from a number: no two parts of a key are alike.
private func counted(_ first: UInt8, _ count: Int) -> [UInt8] {
    (0..<count).map { first &+ UInt8(truncatingIfNeeded: $0) }
}

private func read(_ bytes: [UInt8]) throws(TicketKeyFileFault) -> TicketKeyFile {
    try bytes.withUnsafeBytes { bytes in
        Result { () throws(TicketKeyFileFault) in try TicketKeyFile(reading: bytes) }
    }.get()
}

private func fault(_ bytes: [UInt8]) -> TicketKeyFileFault? {
    do throws(TicketKeyFileFault) {
        _ = try read(bytes)
        return nil
    } catch { return error }
}

/// Base64 in the plainest way.
private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for place in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[place..<min(place + 3, bytes.count)]
        let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[place + $1]) : 0) }
        for digit in 0..<4 { text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : "=") }
    }
    return text
}

private func lines(_ keys: [[UInt8]], end: String = "\n") -> [UInt8] {
    Array(keys.map { base64($0) + end }.joined().utf8)
}

@Suite struct TicketKeyFileTests {
    @Test func `nginx's 48 bytes are a name, an AES key and a HMAC key`() throws {
        let file = try read(counted(0x80, 48))
        #expect(file.format == .nginx)
        #expect(file.keys.map(\.content) == [[counted(0x80, 16), counted(0x90, 16), counted(0xa0, 16)]])
    }

    @Test func `nginx's 80 bytes have the HMAC key before the AES key`() throws {
        let file = try read(counted(0x80, 80))
        #expect(file.keys.map(\.content) == [[counted(0x80, 16), counted(0xb0, 32), counted(0x90, 32)]])
    }

    @Test func `HAProxy's lines have the AES key before the HMAC key, in both sizes`() throws {
        let long = try read(lines([counted(0, 80), counted(1, 80), counted(2, 80)]))
        #expect(long.format == .haproxy)
        #expect(long.keys[0].content == [counted(1, 16), counted(17, 32), counted(49, 32)])
        let short = try read(lines([counted(0, 48), counted(1, 48), counted(2, 48)], end: "\r\n"))
        #expect(short.keys[0].content == [counted(1, 16), counted(17, 16), counted(33, 16)])
    }

    @Test func `HAProxy seals with the last line but one, and uses three`() throws {
        let file = try read(lines((0..<5).map { counted($0 * 40, 48) }))
        #expect(file.keys.map { $0.content[0][0] } == [120, 160, 80])
        let ring = TicketKeyRing(try .seconds(60, lifetime: 60), at: at(0))
        ring.replace(with: file.keys, at: at(0))
        #expect(ring.sealing(at: at(0))?.name == file.keys[0].name)
        #expect(file.keys.map { ring.opening($0, at: at(0)).isNewest } == [true, false, false])
    }

    @Test func `a last line without its end is a line`() throws {
        let whole = lines([counted(0, 48), counted(1, 48), counted(2, 48)])
        #expect(try read(Array(whole.dropLast())).keys.count == 3)
    }

    @Test func `the first file's key seals, the others' open`() throws {
        let files = try [counted(200, 48), counted(100, 80), counted(0, 48)].map(read)
        let keys = try TicketKeyFile.keys(of: files)
        #expect(keys.map { $0.content[0][0] } == [200, 100, 0])
    }

    @Test func `two files with one name are a fault`() throws {
        let files = try [counted(200, 48), counted(100, 80), counted(200, 80)].map(read)
        #expect(throws: TicketKeyFileFault.duplicateFiles(first: 1, second: 3)) { try TicketKeyFile.keys(of: files) }
    }

    @Test(arguments: [1, 16, 47, 49, 64, 79, 81, 96, 160])
    func `bytes of another size are a fault`(count: Int) {
        #expect(fault(counted(0x90, count)) == .wrongSize(bytes: count))
    }

    @Test func `every bad file has its fault`() {
        #expect(fault([]) == .empty)
        #expect(fault(counted(0, 65_537)) == .tooLong(bytes: 65_537))
        #expect(fault(Array("0123456789abcdef0123456789abcdef0123456789abcdef".utf8)) == .textOfKeySize(bytes: 48))
        #expect(fault([UInt8](repeating: 0, count: 48)) == .notRandom(line: nil))
        for part in [0..<16, 16..<48, 48..<80] {
            var bytes = counted(1, 80)
            for index in part { bytes[index] = 0 }
            #expect(fault(bytes) == .notRandom(line: nil))
            #expect(fault(lines([counted(3, 80), counted(2, 80), bytes])) == .notRandom(line: 3))
        }
        #expect(fault(Array("no base64 at all, and no key\n".utf8)) == .notBase64(line: 1))
        let good = [counted(0, 48), counted(1, 48), counted(2, 48)]
        #expect(fault(lines(Array(good.prefix(2)))) == .tooFewLines(2))
        #expect(fault(lines(good) + Array("\n".utf8)) == .notBase64(line: 4))
        #expect(fault(lines(good) + Array("#\n".utf8)) == .notBase64(line: 4))
        #expect(fault(lines(good + [counted(0, 47)])) == .wrongLineSize(line: 4, bytes: 47))
        #expect(fault(lines(good + [counted(3, 80)])) == .mixedSizes(line: 4))
        #expect(fault(lines(good + [good[1]])) == .duplicateLines(first: 2, second: 4))
    }

    @Test func `a key that was wrapped over two lines is found out`() {
        let text = base64(counted(0, 80))
        let wrapped = text.prefix(64) + "\n" + text.dropFirst(64) + "\n"
        #expect(fault(Array(wrapped.utf8)) == .wrongLineSize(line: 2, bytes: 32))
    }

    @Test(arguments: [
        "=", "A", "AA", "AAA", "A===", "AA=A", "AB==", "AAB=", "AA==AA==", "AA-_", "AA A", "====", "AA\n=",
    ])
    func `what is not base64 to the letter is none`(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Base64.decode($0) } == nil)
    }

    @Test func `base64 of every length is decoded`() {
        for count in 0..<100 {
            let bytes = counted(UInt8(count * 2), count)
            let secret = Array(base64(bytes).utf8).withUnsafeBytes { Base64.decode($0) }
            #expect(secret?.withBytes { Array($0) } == bytes)
        }
        #expect(Array("+/+/".utf8).withUnsafeBytes { Base64.decode($0) }?.withBytes { Array($0) } == [251, 255, 191])
    }

    @Test func `no bytes whatever make the reader stumble`() {
        var state: UInt64 = 1
        for count in 0..<600 {
            let bytes = (0..<count).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            let text = bytes.map { $0 & 0x3f | 0x40 }
            for file in [bytes, text] {
                if let fault = fault(file) {
                    #expect(!fault.description.isEmpty)
                } else {
                    #expect(count == 48 || count == 80)
                }
            }
        }
    }
}
