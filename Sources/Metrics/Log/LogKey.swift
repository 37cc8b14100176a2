/// The keys of log fields that more than one place writes; docs/logs.md explains them.
package enum LogKey {
    package static let connection = "connection"
    package static let client = "client"
    package static let listener = "listener"
    package static let sni = "sni"
    package static let host = "host"
    package static let `protocol` = "protocol"
    package static let cipher = "cipher"
    package static let group = "group"
    package static let alpn = "alpn"
    package static let resumed = "resumed"
    package static let upstream = "upstream"
    package static let server = "server"
    package static let bytesReceived = "bytes_received"
    package static let bytesSent = "bytes_sent"
    package static let handshake = "handshake_ms"
    package static let connect = "connect_ms"
    package static let total = "total_ms"
    package static let ending = "ending"
    package static let detail = "detail"
    package static let cause = "cause"
    package static let limit = "limit"
    package static let error = "error"
    package static let file = "file"
    package static let count = "count"
    package static let logger = "logger"

    /// The fields of the line that a connection ends with, in their order there.
    package static let connectionLine = [
        connection, client, listener, sni, host, `protocol`, cipher, group, alpn, resumed, upstream, server,
        bytesReceived, bytesSent, handshake, connect, total, ending, cause, limit, detail,
    ]

    /// Every key of the list.
    package static let all = connectionLine + [error, file, count, logger]
}
