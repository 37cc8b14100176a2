internal import RepriseConfiguration
internal import RepriseRouting

extension HealthRules {
    /// What the plan says of a group's health.
    init(_ upstream: UpstreamPlan) {
        self.init()
        (ejection, retries, queue) = (upstream.ejection, upstream.retries, upstream.queue)
        check = upstream.health.map(HealthCheck.init)
        slowStart = upstream.slowStart
        farewell = upstream.farewell
    }
}

extension HealthCheck {
    fileprivate init(_ plan: HealthPlan) {
        self.init()
        switch plan.kind {
        case .tcp: kind = .tcp
        case .tls: kind = .tls
        case .exec: kind = .exec(plan.command)
        case .http:
            var question = HTTPQuestion()
            (question.path, question.host, question.body) = (plan.path, plan.host, plan.body)
            question.status = plan.status.least...plan.status.most
            kind = .http(question)
        }
        (interval, jitter, timeout) = (plan.interval, plan.jitter, plan.timeout)
        rule = plan.rule
        port = plan.port.flatMap { UInt16(exactly: $0) }
        proxy = plan.sendProxy
    }
}
