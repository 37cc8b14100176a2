import RepriseResumption
import Testing

@Suite struct SessionKeyTests {
    @Test(arguments: [0, 1, 16, 31, 33, 64])
    func `only 32 bytes are a key`(count: Int) {
        #expect([UInt8](repeating: 1, count: count).withUnsafeBytes { SessionKey($0) } == nil)
    }

    @Test func `keys are equal when every byte is`() {
        let bytes = (0..<32).map { UInt8($0) }
        let key = bytes.withUnsafeBytes { SessionKey($0) }
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 1
            #expect(other.withUnsafeBytes { SessionKey($0) } != key)
        }
        #expect(bytes.withUnsafeBytes { SessionKey($0) } == key)
    }
}
