/// Finds the end of answers to HTTP/1.1 requests in what comes, without keeping more than their heads.
struct HTTPReply {
    /// The longest head that is read: more than any server's header fields take.
    static let headBytes = 64 << 10

    enum Progress: Equatable {
        case incomplete
        case complete
        /// Not HTTP, or its head is too long.
        case malformed
    }

    private enum State {
        case head
        case body(left: Int)
        /// Chunks (RFC 9112 §7.1): their sizes' lines, and what they hold.
        case chunkSize
        case chunk(left: Int)
        case trailer
        /// No length is named: the connection's end is the answer's.
        case untilEnd
        case done
    }

    private var state = State.head
    private var line: [UInt8] = []
    private var headCount = 0
    private var length: Int?
    private var isChunked = false
    private var isFirstLine = true
    private var hasNoBody = false
    private var isInterim = false
    /// Of the answer, once its first line has come.
    private(set) var status = 0

    /// Takes what has come; nothing may follow an answer before the next request.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch state {
            case .done: return .malformed
            case .untilEnd: return .incomplete
            case .body(let left), .chunk(let left):
                let taken = min(left, bytes.endIndex - index)
                index += taken
                state = rest(left - taken)
            case .head, .chunkSize, .trailer:
                let byte = bytes[index]
                index += 1
                headCount += 1
                guard headCount <= Self.headBytes else { return .malformed }
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                guard endLine() else { return .malformed }
                line.removeAll(keepingCapacity: true)
            }
        }
        if case .done = state { return .complete }
        return .incomplete
    }

    /// What the end of the connection makes of the answer.
    func end() -> Progress {
        switch state {
        case .untilEnd, .done: .complete
        case .head where isFirstLine && line.isEmpty: .incomplete
        default: .malformed
        }
    }

    private func rest(_ left: Int) -> State {
        switch state {
        case .body: left > 0 ? .body(left: left) : .done
        case .chunk: left > 0 ? .chunk(left: left) : .chunkSize
        default: state
        }
    }

    /// - Returns: whether it may stand there.
    private mutating func endLine() -> Bool {
        switch state {
        case .head where isFirstLine: return readStatus()
        case .head where line.isEmpty: return endHead()
        case .head: return field()
        case .trailer:
            if line.isEmpty { state = .done }
            return true
        case .chunkSize: return chunkSize()
        case .body, .chunk, .untilEnd, .done: return false
        }
    }

    private mutating func readStatus() -> Bool {
        let words = line.split(separator: UInt8(ascii: " "))
        guard line.starts(with: Array("HTTP/1.".utf8)), words.count >= 2,
            let code = Int(String(decoding: words[1], as: UTF8.self)), (100...599).contains(code)
        else { return false }
        isFirstLine = false
        status = code
        // Whoever switches protocols without being asked speaks no HTTP.
        guard code != 101 else { return false }
        isInterim = code < 200
        hasNoBody = code == 204 || code == 304
        return true
    }

    private mutating func field() -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self).filter { $0 != " " && $0 != "\t" }
            .lowercased()
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "content-length":
            guard let count = Int(value), count >= 0 else { return false }
            length = count
        case "transfer-encoding": isChunked = value.hasSuffix("chunked")
        default: break
        }
        return true
    }

    private mutating func endHead() -> Bool {
        if isInterim {
            (isFirstLine, length, isChunked) = (true, nil, false)
        } else if hasNoBody {
            state = .done
        } else if isChunked {
            state = .chunkSize
        } else if let length {
            state = length > 0 ? .body(left: length) : .done
        } else {
            state = .untilEnd
        }
        headCount = 0
        return true
    }

    private mutating func chunkSize() -> Bool {
        // The line end behind a chunk.
        if line.isEmpty { return true }
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else { return false }
        state = size > 0 ? .chunk(left: size) : .trailer
        headCount = 0
        return true
    }
}
