internal import RepriseVocabulary

extension SessionsPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "mode", \.mode, .choice,
                "stateless: tickets; stateful: session ids, and tickets that are handles; both: tickets, and ids for TLS 1.2 clients without tickets; off: no resumption."
            ),
            .value(
                "domain", \.domain, .name, defaultText: "the listener's name",
                "Listeners of one domain resume each other's sessions."),
            .value(
                "lifetime", \.lifetime, .duration(.seconds(1) ... .seconds(604_800)),
                "How long a session can be resumed, in whole seconds."),
            .value(
                "max_chain_age", \.maximumChainAge, .duration(.seconds(1) ... .seconds(31_536_000)),
                "How long all sessions that descend from one full handshake can be resumed."),
            .value("single_use", \.isSingleUse, .boolean, "A TLS 1.3 session resumes once."),
            .group("cache", \.cache, "Where stateful sessions are kept."),
            .value(
                "store_deadline", \.storeDeadline, .duration(.milliseconds(1) ... .seconds(10)),
                availability: .warning(unless: []),
                "A session store that does not answer in this time does not have the session."),
            .group("tickets", \.tickets, "Session tickets."),
            .dictionary(
                "endings", of: .choice, set: { $0.endings.set($1, $2) },
                "What the ending of a connection means for its session, by the ending's name."),
            .value(
                "deny_list", \.denyList, .integer(1...16_777_216),
                "How many lineages can be denied resumption at once."),
        ]
    }
}

extension SessionsPlan.Cache: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "size", \.size, .size(1 << 20...1 << 40),
                "The memory for stateful sessions, shared by the workers; when it is full, the oldest make room.")
        ]
    }
}

extension SessionsPlan.Tickets: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "rotate", \.rotate, .duration(.seconds(1) ... .seconds(604_800)), place: \.rotatePlace,
                "How often the ticket key changes."),
            .value("full", \.full, .integer(0...16), "How many TLS 1.3 tickets a full handshake gets."),
            .value("resumed", \.resumed, .integer(0...16), "How many TLS 1.3 tickets a resumed handshake gets."),
            .value(
                "delay", \.delay, .duration(.zero ... .seconds(60)),
                "How long a TLS 1.3 ticket waits for other bytes to the client before it leaves alone."),
            .value(
                "wait_for_upstream", \.waitForUpstream, .boolean,
                "TLS 1.3 tickets are made when the upstream has taken the connection."),
            .list("keys", \.keys, of: .file, "Files with ticket keys, instead of keys of our own."),
        ]
    }
}

/// What the file says of sessions for all listeners, and of those of servers.
struct SessionDefaults: OptionGroup {
    var listeners = SessionsPlan()
    var upstream = UpstreamSessionsPlan()

    static var options: [Option<Self>] {
        SessionsPlan.options.map { option in
            Option(key: option.key) { option.read($0, &$1.listeners) }
        } + [.group("upstream", \.upstream, "Sessions that servers give us (docs/upstream-tls.md).")]
    }
}

extension UpstreamSessionsPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "keep", \.keep, .integer(0...1000),
                "How many are kept of one server under one name and the same settings, the newest; 0: none is resumed."),
            .value(
                "size", \.size, .size(64 << 10...1 << 40),
                "The memory for all of them, shared by the workers; when it is full, the oldest make room."),
        ]
    }
}
