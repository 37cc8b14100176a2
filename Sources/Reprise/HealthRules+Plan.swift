internal import RepriseConfiguration
internal import RepriseRouting

extension HealthRules {
    /// What the plan says of a group's health.
    init(_ upstream: UpstreamPlan) {
        self.init()
        ejection = EjectionRule(upstream.ejection)
        check = upstream.health.map(HealthCheck.init)
        slowStart = upstream.slowStart
        (queue.most, queue.time) = (upstream.queue.connections, upstream.queue.time)
        farewell = upstream.farewell
        (retries.most, retries.time) = (upstream.retries.connects, upstream.retries.time)
        retries.budget = upstream.retries.budget
    }
}

extension EjectionRule {
    fileprivate init(_ plan: EjectionPlan) {
        self.init()
        (failures, percent, window, minimum) = (plan.failures, plan.errorRate, plan.window, plan.minimum)
        (latency, base, longest, most) = (plan.latency, plan.time, plan.longest, plan.most)
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
        (rule.rise, rule.fall) = (plan.rise, plan.fall)
        port = plan.port.flatMap { UInt16(exactly: $0) }
        proxy = plan.sendProxy
    }
}
