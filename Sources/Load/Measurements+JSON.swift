extension Measurements {
    /// All of it as one JSON object; times in microseconds, as whole histograms too, so that runs can be merged and
    /// compared later.
    package func json() -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("elapsed_s", elapsed.seconds)
            writeConnections(&writer)
            writer.object("handshakes") { writer in
                for kind in HandshakeKind.allCases { writer.member(kind.word, handshakes(kind)) }
            }
            writeResumption(&writer)
            writer.member("requests", requests)
            writer.object("bytes") { writer in
                writer.member("up", bytesUp)
                writer.member("down", bytesDown)
            }
            writer.object("times_us") { writer in
                for measure in Measure.allCases where count(of: measure) > 0 { write(measure, &writer) }
            }
        }
        return writer.text
    }

    private func writeConnections(_ writer: inout JSONWriter) {
        writer.object("connections") { writer in
            writer.member("started", started)
            writer.member("done", done)
            writer.member("failed", failed)
            writer.object("failures") { writer in
                for failure in LoadFailure.allCases where failed(by: failure) > 0 {
                    writer.member(failure.rawValue, failed(by: failure))
                }
            }
            writer.member("late", lateStarts)
            writer.member("skipped", skippedStarts)
            writer.member("unfinished", unfinished)
        }
    }

    private func writeResumption(_ writer: inout JSONWriter) {
        writer.object("resumption") { writer in
            Self.write(offers(), &writer)
            writer.member("without_session", withoutSession)
            writer.member("sessions_received", sessionsReceived)
            writer.array("by") { writer in
                for kind in OfferedKind.allCases {
                    for origin in CloseKind.allCases {
                        guard let part = offersMade[LoadOffer(kind, from: origin)] else { continue }
                        writer.object { writer in
                            writer.member("kind", kind.rawValue)
                            writer.member("close", origin.word)
                            Self.write(part, &writer)
                        }
                    }
                }
            }
        }
    }

    private static func write(_ offers: Offers, _ writer: inout JSONWriter) {
        writer.member("offered", offers.offered)
        writer.member("accepted", offers.accepted)
        writer.member("refused", offers.refused)
    }

    private func write(_ measure: Measure, _ writer: inout JSONWriter) {
        func microseconds(_ value: LoadAssertion.Value) -> Double? {
            self.value(of: value).map { ($0 * 1e6).rounded() }
        }
        writer.object(measure.rawValue) { writer in
            writer.member("count", count(of: measure))
            writer.member("mean", value(of: .mean(measure)).map { $0 * 1e6 })
            writer.member("max", microseconds(.longest(measure)))
            writer.object("percentiles") { writer in
                for percent in Self.percentiles {
                    writer.member(percent.short, microseconds(.percentile(percent, measure)))
                }
            }
            writer.array("histogram") { writer in
                for (value, count) in recorded(measure) {
                    writer.array { writer in
                        writer.member(nil, value)
                        writer.member(nil, count)
                    }
                }
            }
        }
    }
}
