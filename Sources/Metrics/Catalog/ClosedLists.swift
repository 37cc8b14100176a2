import Vocabulary

/// The closed lists that labels take their values from, where no enum of this room is the list.
package enum ClosedLists {
    /// The protocol versions in OpenSSL's words (SSL_get_version(3)).
    package static let protocols = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    /// How the session was resumed: not at all, by session id, by ticket (RFC 5077), by PSK (RFC 8446 §2.2).
    package static let resumptions = ["no", "id", "ticket", "psk"]
    /// Every value of ``HandshakeFailure``, at the place of its `index`.
    package static let causes = HandshakeFailure.names
    /// Every kind of ``Ending``, at the place of its `index`.
    package static let endings = Ending.kinds
}
