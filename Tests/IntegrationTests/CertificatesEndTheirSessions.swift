import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

/// A client's certificate that is no longer good does not live on in a session.
@Suite(.waits) struct CertificatesEndTheirSessions {
    private let upstream = TestUpstream.echo()
    private let folder = RepriseProcess.temporaryFolder()
    private let authority: ClientAuthority

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["a.test"])
        authority = try ClientAuthority("ours", in: folder)
    }

    private func configuration(_ clients: String) -> BothStores {
        BothStores(
            upstream, BothStores.host("require", "mode: require, \(clients)"),
            BothStores.host("request", "mode: request, \(clients)"))
    }

    /// What one client holds: a session, and the certificate that it was made with.
    private struct Holder {
        let carrier: SessionCarrier
        let name: String
        let certificate: SelfSigned.Made
        var session: MemoryClient.Session
    }

    private func holders(_ reprise: VisitedReprise, _ certificate: SelfSigned.Made) throws -> [Holder] {
        try SessionCarrier.allCases.flatMap { carrier in
            try ["require.test", "request.test"].map { name in
                let visit = try reprise.visit(carrier, name, showing: certificate)
                var session = try #require(visit.sessions.last, "\(carrier): \(reprise.log)")
                session.outliveItsHint()
                return Holder(carrier: carrier, name: name, certificate: certificate, session: session)
            }
        }
    }

    /// Each comes back with its session, with its certificate and without: neither may live on.
    private func expectRefused(_ holders: [Holder], _ reprise: VisitedReprise, reason: String) throws {
        for holder in holders {
            for shown in [holder.certificate, nil] {
                let visit = try reprise.visit(holder.carrier, holder.name, showing: shown, resuming: holder.session)
                let line = reprise.lastLine
                let what: Comment = "\(holder.carrier) at \(holder.name), shown: \(shown != nil): \(line)"
                // Who shows nothing is nobody, whom `request` serves.
                let isServed = shown == nil && holder.name == "request.test"
                #expect(visit.isLetIn == isServed && !visit.wasResumed, what)
                // A store gives what is over once, to tell why.
                let reasons = holder.carrier.isStateful && shown == nil ? [reason, "not_found"] : [reason]
                #expect(reasons.contains(line["not_resumed"] ?? ""), what)
                let cause = shown == nil ? "certificate_required" : reason
                #expect(line["cause"] == (isServed ? nil : cause), what)
            }
        }
    }

    @Test func `a certificate that is revoked after a reload ends its sessions, and no others`() throws {
        try authority.revoke([])
        let configuration = configuration("ca: ours.pem, crl: ours.crl")
        let reprise = try VisitedReprise(configuration, folder: folder)
        let good = try holders(reprise, authority.certificate(serial: 0xB0))
        let bad = try holders(reprise, authority.certificate(serial: 0xA1))
        for holder in bad {
            #expect(try reprise.visit(holder.carrier, holder.name, resuming: holder.session).wasResumed)
        }
        try authority.revoke(["A1"])
        #expect(try reprise.reload(configuration), "\(reprise.log)")
        try expectRefused(bad, reprise, reason: "certificate_revoked")
        for holder in good {
            #expect(
                try reprise.visit(holder.carrier, holder.name, resuming: holder.session).wasResumed,
                "\(holder.carrier) at \(holder.name)")
        }
    }

    @Test func `a list that a stranger has signed is refused, and the one before it stays`() throws {
        try authority.revoke(["A1"])
        let configuration = configuration("ca: ours.pem, crl: ours.crl")
        let reprise = try VisitedReprise(configuration, folder: folder)
        let good = try holders(reprise, authority.certificate(serial: 0xB0))
        let stranger = try ClientAuthority("theirs", in: folder)
        try stranger.revoke([])
        let list = try Data(contentsOf: folder.appending(path: "theirs.crl"))
        try list.write(to: folder.appending(path: "ours.crl"))
        #expect(try !reprise.reload(configuration), "\(reprise.log)")
        #expect(reprise.log.contains("of 'CN=theirs', is signed by none of the authorities in ca"), "\(reprise.log)")
        for holder in good {
            #expect(try reprise.visit(holder.carrier, holder.name, resuming: holder.session).wasResumed)
        }
        let revoked = try authority.certificate(serial: 0xA1)
        #expect(try !reprise.visit(.stateless, "require.test", showing: revoked).isLetIn)
    }

    @Test func `a certificate that expires ends its sessions`() throws {
        let reprise = try VisitedReprise(configuration("ca: ours.pem"), folder: folder)
        let end = Int64(time(nil)) + (Sanitizer.isOn ? 12 : 4)
        let holders = try holders(reprise, authority.certificate(until: end))
        for holder in holders {
            #expect(try reprise.visit(holder.carrier, holder.name, resuming: holder.session).wasResumed)
        }
        // By libssl's clock, which is a few milliseconds behind the others; libssl 4.0 takes it in the second of its notAfter.
        #expect(eventually(within: 15) { Int64(time(nil)) > end })
        try expectRefused(holders, reprise, reason: "certificate_expired")
    }
}
