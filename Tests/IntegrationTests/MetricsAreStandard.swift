import Foundation
import RepriseTestSupport
import Testing

/// What /metrics of a real process says, read as Prometheus reads it.
@Suite(.waits) struct MetricsAreStandard {
    private func exposition(_ body: (RepriseProcess, String) throws -> Void) throws {
        var configuration = TestConfiguration(TestUpstream.http("hello\n"))
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        #expect(try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"]).output == "hello\n")
        try body(reprise, try reprise.metrics())
    }

    @Test func `the process is measured by the standard names, and truly`() throws {
        try exposition { reprise, text in
            for (name, kind) in [
                ("process_cpu_seconds_total", "counter"), ("process_open_fds", "gauge"), ("process_max_fds", "gauge"),
                ("process_virtual_memory_bytes", "gauge"), ("process_resident_memory_bytes", "gauge"),
                ("process_start_time_seconds", "gauge"), ("process_threads", "gauge"),
            ] {
                #expect(text.contains("\n# TYPE \(name) \(kind)\n"), "\(name)")
            }
            let cpu = try reprise.metric("process_cpu_seconds_total")
            #expect(cpu > 0 && cpu < 60)
            let age = Date().timeIntervalSince1970 - (try reprise.metric("process_start_time_seconds"))
            #expect(age > -1 && age < 120, "\(age)")
            let resident = try reprise.metric("process_resident_memory_bytes")
            #expect(abs(resident - Double(reprise.residentBytes)) < 32 * 1024 * 1024)
            #expect(try reprise.metric("process_virtual_memory_bytes") >= resident)
            // The scrape has a descriptor of its own.
            #expect(abs(try reprise.metric("process_open_fds") - Double(reprise.openDescriptors)) <= 3)
            #expect(try reprise.metric("process_max_fds") >= 64)
            let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(reprise.processID)/task")
            #expect(Int(try reprise.metric("process_threads")) == tasks.count)
        }
    }

    @Test func `every sample stands in one family, below its help and its type, once`() throws {
        try exposition { _, text in
            var families: Set<Substring> = []
            var samples: Set<Substring> = []
            var (helped, typed, kind): (Substring, Substring, Substring) = ("", "", "")
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ", maxSplits: 3)
                if line.hasPrefix("# HELP ") {
                    helped = words[2]
                    #expect(families.insert(helped).inserted && words.count == 4, "\(line)")
                } else if line.hasPrefix("# TYPE ") {
                    (typed, kind) = (words[2], words[3])
                    #expect(typed == helped && ["counter", "gauge", "histogram"].contains(kind), "\(line)")
                    #expect(typed.hasSuffix("_total") == (kind == "counter"), "\(line)")
                } else {
                    let end = try #require(line.lastIndex(of: " "))
                    #expect(samples.insert(line[..<end]).inserted && Double(line[end...].dropFirst()) != nil, "\(line)")
                    let name = line.prefix { $0 != "{" && $0 != " " }
                    let endings = kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                    #expect(endings.contains { name == typed + $0 }, "\(line) in \(typed)")
                    #expect(name.firstRange(of: #/_bucket$/#) == nil || line.contains("le=\""), "\(line)")
                }
            }
            #expect(families.count > 50)
        }
    }
}
