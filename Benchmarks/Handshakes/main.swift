import RepriseTLS
import RepriseTestSupport

// swift run -c release RepriseHandshakeBenchmark [CARRIER...]
// What sessions cost a server, in instructions of the server's side alone, beside a server that leaves them to libssl; and
// what resuming costs us as a client of servers, beside a client that holds one session of libssl's.
// Needs valgrind, which it runs itself with: RepriseHandshakeBenchmark CARRIER reprise|libssl COUNT.
// RepriseHandshakeBenchmark threads CARRIER SECONDS: what a second thread brings.

let arguments = CommandLine.arguments
// As `reprise serve` does; libssl's own server takes its memory from malloc(3).
if arguments.count == 4, arguments[1] == "threads" || arguments[2] == "reprise" { Library.keepMemory() }
if arguments.count == 4, arguments[1] == "threads", let seconds = Double(arguments[3]),
    let carrier = Carrier(rawValue: arguments[2])
{
    try Threads(carrier: carrier, seconds: seconds).print()
} else if arguments.count == 4, let count = Int(arguments[3]) {
    let isOurs = arguments[2] == "reprise"
    if let carrier = Carrier(rawValue: arguments[1]) {
        let made = try SelfSigned.make(
            names: ["a.test"], kind: .ecdsaP256, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let certificate = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        let server: any CountedServer =
            isOurs ? try RepriseServer(carrier, certificate: certificate) : LibsslServer(carrier, certificate: made)
        print("ticket bytes: \(try Handshakes(carrier: carrier, server: server).run(count))")
    } else if let carrier = ClientCarrier(rawValue: arguments[1]) {
        let root = try CertificateAuthority(
            name: "Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let made = try SelfSigned.make(
            names: ["a.test"], kind: .ecdsaP256, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            issuedBy: root)
        let client: any CountedClient =
            isOurs
            ? try RepriseClient(carrier, trusts: root.certificatePEM)
            : LibsslClient(carrier, trusts: root.certificatePEM)
        carrier.run(count, client, try carrier.listener(made))
        print("ticket bytes: 0")
    }
} else {
    let words = arguments.dropFirst()
    let all = Carrier.allCases.map(\.rawValue) + ClientCarrier.allCases.map(\.rawValue)
    try printTable(words.isEmpty ? all : all.filter(words.contains))
}
