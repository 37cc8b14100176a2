extension LoadReport {
    /// Takes over what a whole run has measured.
    package mutating func take(_ measured: Measurements) {
        summary = Summary(measured)
        times = [:]
        for measure in Measure.allCases where measured.count(of: measure) > 0 {
            times[measure.rawValue] = Times(measured, measure)
        }
    }
}

extension LoadReport.Summary {
    init(_ measured: Measurements) {
        self.init()
        elapsedSeconds = measured.elapsed.seconds
        (started, done, failed) = (measured.started, measured.done, measured.failed)
        for failure in LoadFailure.allCases where measured.failed(by: failure) > 0 {
            failures[failure.rawValue] = measured.failed(by: failure)
        }
        (late, skipped, unfinished) = (measured.lateStarts, measured.skippedStarts, measured.unfinished)
        for kind in HandshakeKind.allCases { handshakes[kind.word] = measured.handshakes(kind) }
        let offers = measured.offers()
        (resumption.offered, resumption.accepted, resumption.refused) = (
            offers.offered, offers.accepted, offers.refused
        )
        (resumption.withoutSession, resumption.sessionsReceived) = (
            measured.withoutSession, measured.sessionsReceived
        )
        resumption.by = measured.offersMade.map { LoadReport.Offer($0.key, $0.value) }
            .sorted { ($0.kind, $0.close, $0.choice) < ($1.kind, $1.close, $1.choice) }
        (requests, bytesUp, bytesDown) = (measured.requests, measured.bytesUp, measured.bytesDown)
        for (status, count) in measured.answers.enumerated() where count > 0 { answers["\(status + 1)xx"] = count }
    }
}

extension LoadReport.Offer {
    fileprivate init(_ offer: LoadOffer, _ offers: Measurements.Offers) {
        self.init()
        (kind, close, choice) = (offer.kind.rawValue, offer.origin.word, offer.choice.word)
        (offered, accepted, refused) = (offers.offered, offers.accepted, offers.refused)
    }
}

extension LoadReport.Times {
    fileprivate init(_ measured: Measurements, _ measure: Measure) {
        self.init()
        count = measured.count(of: measure)
        mean = (measured.value(of: .mean(measure)) ?? 0) * 1e6
        max = measured.microseconds(.longest(measure)) ?? 0
        for percent in Measurements.percentiles {
            percentiles[percent.short] = measured.microseconds(.percentile(percent, measure))
        }
        histogram = measured.recorded(measure).map { [$0.value, $0.count] }
    }
}

extension LoadReport.Second {
    /// What came to an end in it.
    package init(_ measured: Measurements, at end: Duration, open: Int, busy: Double) {
        self.init()
        at = end.seconds
        (started, done, failed) = (measured.started, measured.done, measured.failed)
        (late, skipped) = (measured.lateStarts, measured.skippedStarts)
        full = measured.handshakes(.full)
        resumed = HandshakeKind.allCases.filter { $0 != .full }.reduce(0) { $0 + measured.handshakes($1) }
        (requests, bytesUp, bytesDown) = (measured.requests, measured.bytesUp, measured.bytesDown)
        (self.open, self.busy) = (open, busy)
        ready = LoadReport.Spread(measured, [.ready])
        fullHandshake = LoadReport.Spread(measured, [.handshakeFull])
        resumedHandshake = LoadReport.Spread(measured, [.handshakeID, .handshakeTicket, .handshakePSK])
        request = LoadReport.Spread(measured, [.request])
    }
}

extension LoadReport.Spread {
    /// Of all those times together; `nil` where there was none.
    fileprivate init?(_ measured: Measurements, _ measures: [Measure]) {
        guard let spread = measured.spread(measures) else { return nil }
        self = spread
    }
}
