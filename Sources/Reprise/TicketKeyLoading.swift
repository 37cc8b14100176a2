internal import RepriseConfiguration
internal import RepriseResumption
internal import RepriseVocabulary

/// Reads the files with ticket keys that a session domain names, in any program's format.
enum TicketKeyLoading {
    /// Why a file's keys cannot be used.
    struct LoadingError: Error, CustomStringConvertible {
        /// The file at fault; `nil` when two files are.
        let file: FileReference?
        let description: String

        /// With the file's name in front.
        var inWords: String { (file.map { "\($0.path): " } ?? "") + description }
    }

    /// Keys, and what an operator should know of them.
    typealias Loaded = (keys: [TicketKey], warnings: [(file: FileReference, text: String)])

    /// The keys in the order in which they seal, and what an operator should know of them.
    static func keys(
        of files: [FileReference], ticketLifetime: Duration, at now: WallTime,
        from source: ConfigurationSource
    ) throws(LoadingError) -> Loaded {
        var records: [TicketKeyRecord] = []
        var foreign: [TicketKeyFile] = []
        var warnings: [(file: FileReference, text: String)] = []
        for file in files {
            let secret: Secret
            do {
                secret = try source.readSecret(file.path)
            } catch {
                throw LoadingError(file: file, description: "cannot be read: \(error)")
            }
            let isOwn = TicketKeyDocument.isOne(secret)
            if isOwn {
                let own = try self.records(of: secret, file)
                for fault in TicketKeyRecord.check(own, ticketLifetime: ticketLifetime, at: now) {
                    guard fault.isWarning else { throw LoadingError(file: file, description: "\(fault)") }
                    warnings.append((file, "\(fault)"))
                }
                records += own
            } else {
                foreign.append(try self.foreign(secret, file))
            }
        }
        do {
            return (TicketKeyRecord.keys(of: records) + (try TicketKeyFile.keys(of: foreign)), warnings)
        } catch {
            throw LoadingError(file: nil, description: "\(error)")
        }
    }

    private static func foreign(_ secret: Secret, _ file: FileReference) throws(LoadingError) -> TicketKeyFile {
        let result: Result<TicketKeyFile, TicketKeyFileFault> = secret.withBytes { bytes in
            do throws(TicketKeyFileFault) {
                return .success(try TicketKeyFile(reading: bytes))
            } catch {
                return .failure(error)
            }
        }
        do {
            return try result.get()
        } catch {
            throw LoadingError(file: file, description: "\(error)")
        }
    }

    private static func records(of secret: Secret, _ file: FileReference) throws(LoadingError) -> [TicketKeyRecord] {
        let document: TicketKeyDocument
        do {
            document = try TicketKeyDocument(reading: secret)
        } catch {
            throw LoadingError(file: file, description: "\(error)")
        }
        var records: [TicketKeyRecord] = []
        for (index, entry) in document.entries.enumerated() {
            let position = "line \(entry.line): key \(index + 1)"
            let decode = { (text: Secret) in text.withBytes { Base64.decode($0) } }
            guard let name = decode(entry.name), let aes = decode(entry.aes), let hmac = decode(entry.hmac) else {
                throw LoadingError(file: file, description: "\(position): name, aes and hmac are base64")
            }
            guard let notBefore = WallTime(rfc3339: entry.notBefore), let notAfter = WallTime(rfc3339: entry.notAfter)
            else {
                throw LoadingError(
                    file: file,
                    description: "\(position): not_before and not_after are times such as 2026-11-23T08:00:00Z")
            }
            records.append(
                TicketKeyRecord(
                    name: name.withBytes { Array($0) }, aes: aes, hmac: hmac, notBefore: notBefore, notAfter: notAfter))
        }
        return records
    }
}
