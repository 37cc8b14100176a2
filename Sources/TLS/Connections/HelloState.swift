import RepriseVocabulary

/// What a server knows of the ClientHello, and has decided from it.
struct HelloState {
    /// How much of it has come.
    enum Stage {
        /// Too few bytes have come to tell TLS from other protocols.
        case firstBytes
        case awaited
        /// A whole one, perhaps the first of two.
        case read
    }

    /// Where the lookup in the session store stands; the store may answer later.
    enum StoreWait {
        case none
        /// The ClientHello waits for the answer.
        case asked
        /// It has waited: libssl calls back about the same ClientHello once more.
        case over
    }

    var stage = Stage.firstBytes
    /// How many bytes libssl had been given before this ClientHello.
    var start = 0
    /// Why it was refused; a callback writes it, and we report it when libssl has returned.
    var fault: Boxed<(cause: HandshakeFailure, detail: String)>?
    /// The client's certificate that was refused.
    var refusedCertificate: Boxed<ShownCertificate>?
    /// The host that was chosen.
    var match: HostContexts.Match?
    var requestedName: [UInt8]?
    var request = ResumptionRequest()
    var storeWait = StoreWait.none
}
