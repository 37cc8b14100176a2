internal import RepriseVocabulary

extension EjectionRule: OptionGroup {
    static var options: [Option<Self>] {
        let time = Codec.duration(.milliseconds(1) ... .seconds(86_400))
        return [
            .value(
                "failures", \.failures, .integer(0...1000),
                "So many connects that fail in a row eject a server; 0: none do."),
            .value(
                "error_rate", \.percent, .integer(0...100),
                "So many failures in a hundred connects of a window do, too; 0: none do."),
            .value("window", \.window, time, "The length of such a window."),
            .value("minimum", \.minimum, .integer(1...1_000_000), "A window with fewer connects says nothing."),
            .optional(
                "latency", \.latency, time, defaultText: "none", "A connect that takes longer counts as a failure."),
            .value(
                "time", \.base, time,
                "How long a server stays out before it is probed; each ejection that follows takes twice as long."),
            .value("longest", \.longest, time, "The longest that it stays out."),
            .value(
                "most", \.most, .integer(0...100), "So many in a hundred of the group's servers are ejected at most."),
        ]
    }
}

extension RetryRule: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "connects", \.most, .integer(0...1000),
                "So many tries after the first; that an address of a server refuses is none. 0: none."),
            .value(
                "time", \.time, .duration(.milliseconds(1) ... .seconds(3600)),
                "No try begins later than this after the first."),
            .value(
                "budget", \.budget, .integer(0...1000),
                "So many tries after the first, of all connections of the group, in a hundred first ones; ten in a second are always allowed."
            ),
        ]
    }
}

extension QueueRule: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value(
                "connections", \.most, .integer(0...1_000_000),
                "So many wait at most when all servers are down or full; 0: none does."),
            .value(
                "time", \.time, .duration(.milliseconds(1) ... .seconds(3600)), "How long each waits at most."),
        ]
    }
}

extension HealthPlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }

    static var options: [Option<Self>] {
        [
            .value(
                "type", \.kind, .choice,
                "What a server must do: take a connection, complete a TLS handshake (verified where the server has `tls`), answer a request of HTTP/1.1; or exec, a program of one's own, which ends with status 0 where all is well."
            ),
            .value(
                "interval", \.interval, .duration(.milliseconds(10) ... .seconds(86_400)),
                "From one answer to the next question."),
            .value("jitter", \.jitter, .integer(0...50), "By how much of itself an interval varies, in percent."),
            .value(
                "timeout", \.timeout, .duration(.milliseconds(1) ... .seconds(600)),
                "An answer that takes longer is a bad one."),
            .value("rise", \.rule.rise, .integer(1...1000), "So many good answers in a row bring a server back."),
            .value(
                "fall", \.rule.fall, .integer(1...1000),
                "So many bad ones take it out. The very first answer decides alone."
            ),
            .optional("port", \.port, .integer(1...65_535), defaultText: "the server's", "Another port to ask at."),
            .value(
                "send_proxy", \.sendProxy, .word,
                "Whether the question begins with a PROXY protocol header, which says that the connection is our own."),
            .value("path", \.path, .text, "http: what is asked for."),
            .value("host", \.host, .text, "http: the Host."),
            .value("status", \.status, .statusRange, "http: the status that is good, or from which to which."),
            .value(
                "body", \.body, .text, defaultText: "anything", "http: a text that the first 64 KiB must have in them."),
            .list(
                "command", \.command, of: .text,
                "exec: the program and its arguments; REPRISE_UPSTREAM, REPRISE_SERVER and REPRISE_ADDRESS are in its environment."
            ),
        ]
    }
}

extension Codec<StatusRange> {
    static var statusRange: Self {
        Self(scalar: .statusRange, read: { $0.text.flatMap(StatusRange.init(parsing:)) }, write: \.description)
    }
}
