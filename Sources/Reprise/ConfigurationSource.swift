internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseTLS
package import RepriseVocabulary
internal import Synchronization

/// Where the configuration and the files it names come from.
package struct ConfigurationSource: Sendable {
    /// The file's name in messages.
    let file: String
    /// What relative paths in the file are relative to.
    let directory: String
    /// Reads the configuration anew.
    let read: @Sendable () throws(FileReader.ReadError) -> [UInt8]
    /// Reads a file that the configuration names.
    let readFile: @Sendable (String) throws(FileReader.ReadError) -> [UInt8]
    /// Tells one state of such a file from another; it may wait for the disk, as reading may.
    let stamp: @Sendable (String) -> FileStamp?
    /// Whether the files it names are on disk, and read without leaving copies of secrets in memory.
    private let isOnDisk: Bool

    init(
        file: String, directory: String, read: @escaping @Sendable () throws(FileReader.ReadError) -> [UInt8],
        readFile: @escaping @Sendable (String) throws(FileReader.ReadError) -> [UInt8],
        stamp: @escaping @Sendable (String) -> FileStamp? = { FileStamp($0) }, isOnDisk: Bool = false
    ) {
        self.file = file
        self.directory = directory
        self.read = read
        self.readFile = readFile
        self.stamp = stamp
        self.isOnDisk = isOnDisk
    }

    /// A file on disk; paths in it are relative to its folder.
    package init(file: String) {
        let folder = file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
        let read: @Sendable () throws(FileReader.ReadError) -> [UInt8] = { () throws(FileReader.ReadError) in
            try FileReader.read(file)
        }
        self.init(file: file, directory: folder, read: read, readFile: Self.readDisk, isOnDisk: true)
    }

    /// A text; the files that it names are on disk.
    init(text: @escaping @Sendable () -> String, name: String, directory: String) {
        let read: @Sendable () throws(FileReader.ReadError) -> [UInt8] = { () throws(FileReader.ReadError) in
            Array(text().utf8)
        }
        self.init(file: name, directory: directory, read: read, readFile: Self.readDisk, isOnDisk: true)
    }

    private static let readDisk: @Sendable (String) throws(FileReader.ReadError) -> [UInt8] = {
        (path: String) throws(FileReader.ReadError) in try FileReader.read(path)
    }

    /// The same, with a configuration that was read before: of the files that it names, the present ones count.
    func keeping(_ text: [UInt8]) -> ConfigurationSource {
        ConfigurationSource(
            file: file, directory: directory, read: { () throws(FileReader.ReadError) in text }, readFile: readFile,
            stamp: stamp, isOnDisk: isOnDisk)
    }

    /// Whether every user of the machine may read a file that it names.
    func isOpenToAll(_ path: String) -> Bool { isOnDisk && FileReader.isOpenToAll(path) }

    /// Reads a file with a secret that the configuration names.
    func readSecret(_ path: String) throws(FileReader.ReadError) -> Secret {
        if isOnDisk { return try FileReader.readSecret(path) }
        return try readFile(path).withUnsafeBytes { Secret(copying: $0) }
    }
}

/// A configuration after all checks that are possible before serving.
package struct CheckedConfiguration: Sendable {
    /// The configuration itself.
    let text: [UInt8]
    /// The plan, when there is no fault.
    private(set) var plan: Plan?
    /// How log lines are written, as far as the configuration can be read.
    let logFormat: LogFormat
    let loadedFiles: LoadedFiles
    /// Routers in shared objects, by name.
    let libraries: [String: any UpstreamRouter]
    /// The faults that prevent serving, one line each, in the order of the file.
    package private(set) var faults: [String]
    /// What an operator should know, one line each.
    package private(set) var warnings: [String]

    /// Reads and checks everything, and reports all faults at once. It may wait for disks and name servers.
    ///
    /// - Parameters:
    ///   - now: the time by which to judge the validity of certificates.
    ///   - pluggedRouters: the names of the routers that the program brings.
    ///   - resolvesNames: whether to look the names of servers up; otherwise the caller does, by ``add(_:)``.
    ///   - libraries: loads shared objects with routers, or has others find out whether they can be.
    /// - Throws: only when the configuration file itself cannot be read, or this machine's OpenSSL cannot serve at all.
    package init(
        _ source: ConfigurationSource, environment: [String: String], at now: WallTime,
        raisingDescriptorLimit raises: Bool = true, pluggedRouters: Set<String> = [],
        resolvesNames: Bool = true, libraries: LibraryLoading = .here(RouterLibraries())
    ) throws(RepriseError) {
        try Library.checkForReprise()
        let bytes: [UInt8]
        do {
            bytes = try source.read()
        } catch {
            throw .unreadable(file: source.file, reason: "\(error)")
        }
        text = bytes
        let loaded = ConfigurationLoader.load(
            bytes: bytes, file: source.file, directory: source.directory, environment: environment,
            pluggedRouters: pluggedRouters)
        logFormat = loaded.log.format
        let loadedFiles = LoadedFiles(loaded, at: now, from: source)
        self.loadedFiles = loadedFiles
        let names = resolvesNames ? NameCheck(asking: loaded.plan) : NameCheck(nil, [:])
        let routers = libraries.load(loaded.plan)
        self.libraries = routers.routers
        let tcp = TCPCheck(loaded.plan)
        let output = loaded.plan?.log.output.flatMap { LogTarget.fault(of: $0) }
        let machine: [Fault] = names.faults + routers.faults + tcp.faults + (output.map { [$0] } ?? [])
        let faults = Set(loaded.faults + loadedFiles.faults + machine).sorted()
        self.faults = faults.map(\.description)
        let descriptors = Descriptors.limit(raising: raises).soft
        let limits = loaded.plan.map { ConnectionShare($0, descriptors: descriptors).warnings } ?? []
        let library = Library.configurationFault(isNamed: environment["OPENSSL_CONF"]?.isEmpty == false)
        warnings =
            Set(loaded.warnings + loadedFiles.warnings + tcp.warnings + names.warnings + limits).sorted().map(
                \.description)
            + (library.map { [$0] } ?? []) + Library.faultsOfOwn
        plan = faults.isEmpty ? loaded.plan : nil
    }

    /// What was found out of the names of servers.
    mutating func add(_ names: NameCheck) {
        faults += Set(names.faults).sorted().map(\.description)
        warnings += Set(names.warnings).sorted().map(\.description)
        if !names.faults.isEmpty { plan = nil }
    }
}

extension LogTarget {
    /// Why a log cannot go there, as far as can be told without opening it; `nil` when it can.
    fileprivate static func fault(of output: Located<LogTarget>) -> Fault? {
        guard case .file(let path) = output.value, let reason = FileReader.reasonAgainstAppending(to: path) else {
            return nil
        }
        return Fault(source: output.source, message: "cannot open the log: \(reason)")
    }
}

extension Library {
    /// ``check()``, in Reprise's own words.
    static func checkForReprise() throws(RepriseError) {
        do {
            try check()
        } catch {
            throw .cannotStart("\(error)")
        }
    }
}

/// How shared objects with routers are looked at.
package enum LibraryLoading: Sendable {
    /// They are loaded into this process.
    case here(RouterLibraries)
    /// Somebody else says why a path with an argument cannot be loaded; `nil` when it can.
    case elsewhere(@Sendable (_ path: String, _ argument: String) -> String?)

    func load(_ plan: Plan?) -> (routers: [String: any UpstreamRouter], faults: [Fault]) {
        switch self {
        case .here(let libraries): return libraries.routers(of: plan)
        case .elsewhere(let fault):
            let faults = (plan?.routers ?? []).compactMap { router -> Fault? in
                guard let library = router.library, let words = fault(library.path, router.argument) else { return nil }
                return Fault(source: library.source, message: "\(library.shownPath): \(words)")
            }
            return ([:], faults)
        }
    }
}

/// The configuration file's own description.
package enum ConfigurationFile {
    /// Its JSON Schema (draft 2020-12).
    package static var schema: String { String(ConfigurationSchema.json.dropLast()) }
}

extension CheckedConfiguration {
    /// Reads and checks everything at the current time.
    package init(
        _ source: ConfigurationSource, environment: [String: String],
        libraries: LibraryLoading = .here(RouterLibraries())
    ) throws(RepriseError) {
        try self.init(source, environment: environment, at: Clocks.wall(), libraries: libraries)
    }
}

/// How many reads of a configuration are under way, abandoned ones included.
final class Loads: Sendable {
    private let count = Atomic(0)

    /// While one hangs, no other starts that would hang in the same place.
    var areUnderWay: Bool { count.load(ordering: .acquiring) > 0 }

    func begin() { count.wrappingAdd(1, ordering: .acquiringAndReleasing) }

    func end() { count.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
}
