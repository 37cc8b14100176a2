import RepriseTLS
import RepriseTestSupport

// swift run -c release RepriseHandshakeBenchmark [CARRIER...]
// What sessions cost a server, in instructions of the server's side alone, beside a server that leaves them to libssl.
// Needs valgrind, which it runs itself with: RepriseHandshakeBenchmark CARRIER reprise|libssl COUNT.

let arguments = CommandLine.arguments
if arguments.count == 4, let carrier = Carrier(rawValue: arguments[1]), let count = Int(arguments[3]) {
    let made = try SelfSigned.make(
        names: ["a.test"], kind: .ecdsaP256, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
    let server: any CountedServer
    if arguments[2] == "libssl" {
        server = LibsslServer(carrier, certificate: made)
    } else {
        let certificate = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        server = try RepriseServer(carrier, certificate: certificate)
    }
    print("ticket bytes: \(try Handshakes(carrier: carrier, server: server).run(count))")
} else {
    let chosen = arguments.dropFirst().compactMap(Carrier.init)
    try printTable(chosen.isEmpty ? Carrier.allCases : chosen)
}
