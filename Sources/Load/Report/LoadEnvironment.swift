internal import Glibc
internal import RepriseTLS

extension LoadReport.Environment {
    /// The machine that we are on.
    static var here: Self {
        var environment = Self()
        var names = utsname()
        if uname(&names) == 0 {
            environment.host = text(of: names.nodename)
            environment.system = "\(text(of: names.sysname)) \(text(of: names.release)) \(text(of: names.machine))"
        }
        if let name = value(of: "PRETTY_NAME", in: "/etc/os-release", separator: "=") {
            environment.system = name.filter { $0 != "\"" } + ", " + environment.system
        }
        environment.processor = value(of: "model name", in: "/proc/cpuinfo", separator: ":") ?? ""
        environment.cores = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        environment.libssl = Library.version
        return environment
    }

    private static func text(of characters: some Any) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The first line's of that name.
    private static func value(of name: String, in path: String, separator: Character) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let parts = text.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != "\t" }) == name else { continue }
            return String(parts[1].drop { $0 == " " }.prefix { !$0.isNewline })
        }
        return nil
    }
}
