import RepriseLoad
import RepriseTLS
import RepriseVocabulary

/// One client's connections to a server that is there, one after the other, with nothing around them: for callgrind, as
/// docs/measurements.md says.
///
///     RepriseLoadBenchmark PORT full|id|ticket|psk 1.2|1.3 COUNT
let words = CommandLine.arguments
guard words.count == 5, let port = UInt16(words[1]), let kind = HandshakeKind(rawValue: words[2]),
    let count = Int(words[4])
else { preconditionFailure("PORT full|id|ticket|psk 1.2|1.3 COUNT") }
var errand = LoadErrand(to: .ip(.loopback4, port: port), names: .init(asked: "localhost"))
// As the bare client beside it: one cipher, and close_notify both ways.
let version: TLSVersion = words[3] == "1.2" ? .tls1_2 : .tls1_3
let tls = TLSSettings(
    minimumVersion: version, maximumVersion: version, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
    ciphersuites: "TLS_AES_128_GCM_SHA256", groups: "X25519:P-256")
var plan = LoadPlan(errand, ClientSettings(tls: tls, trust: .anybody))
(plan.handshake, plan.close, plan.connections, plan.duration) = (Mix(kind), Mix(.notifyWait), count, .seconds(600))
let run = try LoadRun(plan)
try run.start()
let measured = run.wait()
precondition(measured.done == count && measured.handshakes(kind) >= count - 1, "\(measured)")
