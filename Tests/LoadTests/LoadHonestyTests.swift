import RepriseLoad
import Testing

/// A report says where its figures may be the generator's.
@Suite struct LoadHonestyTests {
    private static func limits(
        busy: [Double] = [0.5], machine: Double? = 0.5, sources: Int = 0,
        _ fill: (inout Measurements) -> Void = { _ in }
    ) -> [String] {
        var measured = Measurements()
        for _ in 0..<200 { measured.start() }
        fill(&measured)
        return LoadHonesty.limits(measured, busy: busy, machine: machine, sources: sources)
    }

    @Test func `a generator that was no limit says nothing`() {
        #expect(Self.limits().isEmpty && Self.limits(machine: nil).isEmpty)
        // One late start of two hundred is no limit.
        #expect(Self.limits { $0.start(isLate: true) }.isEmpty)
    }

    @Test func `its own CPU, and the machine's`() {
        let own = Self.limits(busy: [0.3, 0.97], machine: 0.99)
        #expect(own.count == 1 && own[0].contains("97 %") && own[0].contains("--threads"), "\(own)")
        let machine = Self.limits(busy: [0.3, 0.2], machine: 0.99)
        #expect(machine.count == 1 && machine[0].contains("99 %") && machine[0].contains("0.50 of a CPU"), "\(machine)")
    }

    @Test func `starts that were late or left out`() {
        let late = Self.limits { for _ in 0..<10 { $0.start(isLate: true) } }
        #expect(late.count == 1 && late[0].hasPrefix("5 % of the starts were more than 5 ms late"), "\(late)")
        let skipped = Self.limits { $0.skip() }
        #expect(skipped.count == 1 && skipped[0].hasPrefix("1 starts were left out"), "\(skipped)")
    }

    @Test func `ports, descriptors and memory`() {
        let ports = Self.limits(sources: 2)
        #expect(ports.count == 1 && ports[0].contains("2 more addresses"), "\(ports)")
        let local = Self.limits(sources: 2) { $0.end(.localLimit) }
        #expect(local.count == 1 && local[0].contains("ulimit -n"), "\(local)")
    }
}
