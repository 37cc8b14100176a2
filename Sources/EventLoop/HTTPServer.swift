internal import CLibEvent
internal import Glibc
package import Vocabulary

/// libevent's own small HTTP server, for what administers the proxy, and for the demo. Confined to its loop.
///
/// It answers GET and HEAD; it is not on the data path.
package final class HTTPServer {
    /// The longest request line and headers.
    package static let maximumHeaderBytes = 16 << 10
    /// The longest request body; it is read and forgotten.
    package static let maximumBodyBytes = 1 << 20
    /// How long a client may be silent.
    package static let timeoutSeconds = 30

    private let loop: EventLoop
    private let handler: (HTTPRequest) -> HTTPResponse
    private var server: OpaquePointer?

    /// A server that listens nowhere yet.
    package init(loop: EventLoop, handler: @escaping (HTTPRequest) -> HTTPResponse) {
        self.loop = loop
        self.handler = handler
        server = evhttp_new(loop.base)
        evhttp_set_max_headers_size(server, Self.maximumHeaderBytes)
        evhttp_set_max_body_size(server, Self.maximumBodyBytes)
        evhttp_set_timeout(server, CInt(Self.timeoutSeconds))
        evhttp_set_allowed_methods(server, UInt16.max)
        evhttp_set_gencb(server, requestCallback, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        if let server { evhttp_free(server) }
    }

    /// Listens on an endpoint.
    ///
    /// - Returns: where it really listens: port 0 has become a port.
    package func listen(on endpoint: Endpoint) throws(SocketError) -> Endpoint {
        let socket = try Socket.listen(on: endpoint, sharingPort: false, backlog: 128)
        guard let server, evhttp_accept_socket_with_handle(server, socket.descriptor) != nil else {
            socket.close()
            throw SocketError(operation: "listen on", endpoint: endpoint, errno: SystemErrno(ENOMEM))
        }
        return socket.localEndpoint ?? endpoint
    }

    /// Stops listening and closes every connection.
    package func close() {
        if let server { evhttp_free(server) }
        server = nil
    }

    fileprivate func answer(_ request: OpaquePointer) {
        loop.beginTurn()
        let command = evhttp_request_get_command(request)
        let response: HTTPResponse
        if command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD {
            response = handler(Self.read(request, method: command == EVHTTP_REQ_GET ? "GET" : "HEAD"))
        } else {
            response = HTTPResponse(
                status: 405, headers: [("Allow", "GET, HEAD"), ("Content-Type", "text/plain")],
                body: Array("only GET and HEAD are served here\n".utf8))
        }
        let headers = evhttp_request_get_output_headers(request)
        for (name, value) in response.headers { evhttp_add_header(headers, name, value) }
        guard let body = evbuffer_new() else {
            return evhttp_send_error(request, 500, nil)
        }
        defer { evbuffer_free(body) }
        if command == EVHTTP_REQ_HEAD {
            // libevent 2.1 would send the body along, and the next answer would begin in the middle of it
            // (RFC 9110 §9.3.2: no content; the length is that of GET).
            evhttp_add_header(headers, "Content-Length", "\(response.body.count)")
        } else {
            _ = response.body.withUnsafeBytes { evbuffer_add(body, $0.baseAddress, $0.count) }
        }
        evhttp_send_reply(request, CInt(response.status), Self.reason(response.status), body)
    }

    private static func read(_ request: OpaquePointer, method: String) -> HTTPRequest {
        let uri = evhttp_request_get_evhttp_uri(request)
        var headers: [(name: String, value: String)] = []
        var next = evhttp_request_get_input_headers(request).flatMap { reprise_evhttp_first_header($0) }
        while let header = next {
            headers.append((String(cString: header.pointee.key), String(cString: header.pointee.value)))
            next = reprise_evhttp_next_header(header)
        }
        return HTTPRequest(
            method: method,
            path: evhttp_uri_get_path(uri).map { String(cString: $0) } ?? "/",
            query: evhttp_uri_get_query(uri).map { String(cString: $0) },
            headers: headers, peer: peer(of: request))
    }

    private static func peer(of request: OpaquePointer) -> Endpoint? {
        guard let connection = evhttp_request_get_connection(request) else { return nil }
        var address: UnsafeMutablePointer<CChar>?
        var port: UInt16 = 0
        evhttp_connection_get_peer(connection, &address, &port)
        guard let address, let ip = IPAddress(parsing: String(cString: address)) else { return nil }
        return .ip(ip, port: port)
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 503: "Service Unavailable"
        default: "Status \(status)"
        }
    }
}

/// `context` is the server, which frees its evhttp before it goes.
private func requestCallback(_ request: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let request, let context else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    server.answer(request)
}
