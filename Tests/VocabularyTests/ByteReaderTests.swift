import RepriseVocabulary
import Testing

@Suite struct ByteReaderTests {
    private func reading<Result>(_ bytes: [UInt8], _ body: (inout ByteReader) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return body(&reader)
        }
    }

    @Test func `numbers have their most significant byte first`() {
        reading([1, 2, 3, 4, 5, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) { reader in
            #expect(reader.byte() == 1)
            #expect(reader.number16() == 0x0203)
            #expect(reader.number(3) == 0x040506)
            #expect(reader.number(8) == .max && reader.isAtEnd)
            #expect(reader.number(0) == 0 && reader.byte() == nil)
        }
    }

    @Test func `a vector is what its length says, and the rest stays`() {
        reading([2, 7, 8, 0, 1, 9, 0, 5]) { reader in
            #expect(reader.vector8().map { Array($0.rest) } == [7, 8])
            #expect(reader.vector16().map { Array($0.rest) } == [9])
            #expect(reader.vector8().map { Array($0.rest) } == [])
            #expect(Array(reader.rest) == [5])
        }
    }

    @Test func `what is cut off is not there`() {
        #expect(reading([]) { $0.vector8() == nil && $0.take(0) != nil && $0.take(1) == nil })
        #expect(reading([2, 7]) { $0.vector8() == nil })
        #expect(reading([0, 2, 7]) { $0.vector16() == nil })
        #expect(reading([1]) { $0.number16() == nil && $0.rest.count == 1 })
    }
}
