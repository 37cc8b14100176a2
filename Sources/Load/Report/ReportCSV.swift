extension LoadReport {
    /// The run second by second, by RFC 4180: a header, then a row for each second; units are in the columns' names.
    ///
    /// A field is empty where nothing was measured in that second.
    package func csv() -> String {
        let counts = ["started", "done", "failed", "late", "skipped", "full", "resumed", "requests"]
        let spreads = ["ready", "full_handshake", "resumed_handshake", "request"]
        let header =
            ["at_s"] + counts + ["bytes_up", "bytes_down", "open", "busy_share"]
            + spreads.flatMap { name in ["p50", "p90", "p99", "max"].map { "\(name)_\($0)_us" } }
        let rows = seconds.map { second in
            let counts = [
                second.started, second.done, second.failed, second.late, second.skipped, second.full, second.resumed,
                second.requests,
            ]
            let spreads = [second.ready, second.fullHandshake, second.resumedHandshake, second.request]
            let start = ["\(second.at)"] + counts.map { "\($0)" }
            let middle = ["\(second.bytesUp)", "\(second.bytesDown)", "\(second.open)", "\(second.busy)"]
            return start + middle
                + spreads.flatMap { spread in
                    spread.map { ["\($0.p50)", "\($0.p90)", "\($0.p99)", "\($0.max)"] } ?? ["", "", "", ""]
                }
        }
        return ([header] + rows).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }
}
