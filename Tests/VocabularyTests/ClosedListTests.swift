import RepriseVocabulary
import Testing

@Suite struct ClosedListTests {
    private static let lists: [any ClosedList.Type] = [
        ConnectFailure.self, Ending.Kind.self, GroupClass.self, HandshakeFailure.Kind.self, ListenerLimit.self,
        OfferOutcome.self, RelayDirection.self, ReloadResult.self, ResumptionMeans.self, ResumptionRefusal.self,
        TLSVersion.self, TicketCompany.self, ProxyHeaderKind.self,
    ]

    @Test(arguments: lists.indices)
    func `a list has one word for each case, one sentence, and the case's place`(number: Int) {
        check(Self.lists[number])
    }

    private func check<List: ClosedList>(_ list: List.Type) {
        #expect(Set(list.words).count == list.allCases.count, "\(list)")
        #expect(Set(list.allCases.map(\.meaning)).count == list.allCases.count, "\(list)")
        for (place, element) in list.allCases.enumerated() {
            #expect(element.index == place, "\(list) \(element)")
            #expect(element.word.wholeMatch(of: /[a-z]+(_[a-z]+)*|TLSv1(\.[0-9])?/) != nil, "\(list) \(element.word)")
            #expect(element.meaning.wholeMatch(of: /[A-Z`][^|\n]*\./) != nil, "\(list) \(element.meaning)")
            #expect(
                element.advice?.wholeMatch(of: /[A-Z`][^|\n]*\./) != nil || element.advice == nil, "\(list) \(element)")
            #expect(List(word: element.word) == element, "\(list) \(element.word)")
        }
        #expect(List(word: "") == nil && !list.title.isEmpty, "\(list)")
    }

    @Test func `where something can be done, it is said`() {
        let endings: [Ending.Kind] = [.clientCloseNotify, .upstreamEnd]
        #expect(Ending.Kind.allCases.filter { $0.advice == nil } == endings)
        #expect(HandshakeFailure.Kind.allCases.allSatisfy { $0.advice != nil })
        #expect(ResumptionRefusal.allCases.allSatisfy { $0.advice != nil })
        #expect(ListenerLimit.allCases.allSatisfy { $0.advice != nil })
        #expect(ConnectFailure.allCases.allSatisfy { $0.advice != nil })
    }

    /// Dashboards, configurations and readers of logs hold on to them. New ones may come.
    @Test func `no word that was ever said has changed`() {
        expect(
            Ending.Kind.self,
            toSay: [
                "client_close_notify", "client_fin", "client_reset", "upstream_end", "upstream_reset",
                "upstream_unreachable", "alert_sent", "alert_received", "timeout_handshake", "timeout_idle",
                "timeout_half_closed", "timeout_shutdown", "refused", "drain", "killed", "timeout_proxy_header",
            ])
        expect(
            HandshakeFailure.Kind.self,
            toSay: [
                "plain_http", "not_tls", "unsupported_version", "no_shared_cipher", "no_shared_group",
                "no_shared_signature_algorithm", "no_shared_application_protocol", "unknown_name",
                "inappropriate_fallback", "malformed", "unexpected_message", "bad_record", "bad_certificate",
                "certificate_required", "certificate_expired", "certificate_revoked", "crl_expired", "crl_missing",
                "unknown_authority", "other_certificate_name", "alert_received", "timeout", "client_went_away",
                "client_reset", "stopped",
                "made_way",
                "internal_error", "resumption_denied", "resumption_defect", "hello_too_large", "refused_by_router",
                "probe", "proxy_header_unexpected", "proxy_header_untrusted", "proxy_header_missing",
                "proxy_header_malformed", "proxy_header_timeout", "over_limit",
            ])
        expect(
            ResumptionRefusal.self,
            toSay: [
                "not_found", "expired", "key_unknown", "forged", "foreign", "other_host", "other_domain", "other_name",
                "policy_changed",
                "chain_too_old", "certificate_expired", "certificate_revoked", "revocation_unknown", "chain_too_long",
                "spent", "denied", "store_silent", "mismatch", "off",
            ])
        expect(
            ListenerLimit.self,
            toSay: [
                "connections", "handshakes", "handshakes_per_client", "handshake_rate", "per_client", "key_updates",
            ])
        expect(TLSVersion.self, toSay: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
        expect(ResumptionMeans.self, toSay: ["no", "id", "ticket", "psk"])
        expect(GroupClass.self, toSay: ["hybrid", "lattice", "classical", "none"])
        expect(OfferOutcome.self, toSay: ["not_offered", "resumed", "refused"])
        expect(TicketCompany.self, toSay: ["alone", "with_data"])
        expect(RelayDirection.self, toSay: ["client_to_upstream", "upstream_to_client"])
        expect(ConnectFailure.self, toSay: ["refused", "timeout", "unreachable", "reset", "other", "tls"])
        expect(ReloadResult.self, toSay: ["applied", "refused"])
    }

    private func expect<List: ClosedList>(_ list: List.Type, toSay words: [String]) {
        #expect(list.words.filter(words.contains) == words, "\(list)")
    }

    /// What a client or a configuration must change first is not tried again; what broke off may be.
    @Test func `what can fail says whose it is, and whether a retry makes sense`() {
        #expect(
            Ending.Kind.allCases.filter { !$0.isWorthRetrying } == [
                .clientCloseNotify, .upstreamEnd, .alertSent, .alertReceived,
            ])
        #expect(
            Ending.Kind.allCases.filter { $0.origin == .upstream } == [
                .upstreamEnd, .upstreamReset, .upstreamUnreachable,
            ])
        #expect(
            HandshakeFailure.Kind.allCases.filter { $0.origin == .proxy } == [
                .crlExpired, .crlMissing, .stopped, .madeWay, .internalError, .resumptionDenied, .resumptionDefect,
                .refusedByRouter, .overLimit,
            ])
        #expect(
            HandshakeFailure.Kind.allCases.filter { $0.origin == .client && $0.isWorthRetrying } == [
                .badRecord, .timeout, .truncated, .clientReset, .probe, .proxyHeaderTimeout,
            ])
        #expect(ConnectFailure.allCases.allSatisfy { $0.origin == .upstream })
    }

    @Test func `an alert's name follows the word`() {
        #expect(Ending.alertSent(.handshakeFailure).description == "alert_sent(handshake_failure)")
        #expect(Ending.clientFIN.description == "client_fin")
        #expect(HandshakeFailure.alertReceived(TLSAlert(code: 48)).description == "alert_received(unknown_ca)")
        #expect(HandshakeFailure.truncated.description == "client_went_away")
        #expect(TLSAlert(code: 200).name == "alert_200")
    }

    @Test func `the configuration names each ending, and both by a fatal alert at once`() {
        for kind in Ending.Kind.allCases { #expect(Ending.Kind.named(kind.word) == [kind]) }
        #expect(Ending.Kind.named("fatal_alert") == [.alertSent, .alertReceived])
        #expect(Ending.Kind.named("alert").isEmpty)
        #expect(Ending.Kind.configurationWords == Ending.Kind.words + ["fatal_alert"])
    }
}
