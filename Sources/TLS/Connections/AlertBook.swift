import RepriseVocabulary

/// The alerts of a connection that end it or one of its directions (RFC 8446 §6), as libssl reports them.
struct AlertBook {
    /// The fatal alert that was written last.
    var sent: TLSAlert?
    /// The fatal alert that came last.
    private(set) var received: TLSAlert?
    /// Whether the peer has sent close_notify. Under SSL_OP_IGNORE_UNEXPECTED_EOF libssl's own flag says so after a
    /// bare end too.
    private(set) var closeNotifyReceived = false

    /// Notes one alert; a warning that closes nothing changes nothing.
    mutating func note(_ alert: TLSAlert, isFatal: Bool, wasSent: Bool) {
        if alert == .closeNotify {
            if !wasSent { closeNotifyReceived = true }
        } else if isFatal {
            if wasSent { sent = alert } else { received = alert }
        }
    }
}
