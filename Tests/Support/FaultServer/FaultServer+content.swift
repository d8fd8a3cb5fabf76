import Foundation

extension FaultServer {
    /// Serves one file; each request may get a fault.
    /// - Parameters:
    ///   - entityTag: Sent with each answer, and compared with `If-Range`.
    ///   - fault: What goes wrong with a request.
    public static func serving(
        _ content: [UInt8], entityTag: String? = "\"one\"", identity: FaultIdentity? = nil,
        fault: @escaping @Sendable (FaultRequest) -> Fault = { _ in .none }
    ) async throws -> FaultServer {
        try await start(identity: identity) { request, connection in
            try await answer(request, connection, content, entityTag, fault(request))
        }
    }

    /// Answers one request for a file, with a fault.
    public static func answer(
        _ request: FaultRequest, _ connection: FaultConnection, _ content: [UInt8], _ entityTag: String?, _ fault: Fault
    ) async throws {
        var headers = entityTag.map { [("ETag", $0)] } ?? []
        var range = request.range
        if let tag = request.header("if-range"), tag != entityTag { range = nil }
        if case .rangeIgnored = fault { range = nil }
        if let asked = range, asked.lowerBound >= content.count {
            return try await connection.sendEmpty(416, [("Content-Range", "bytes */\(content.count)")])
        }
        let bytes = range.map { $0.clamped(to: 0..<content.count) } ?? 0..<content.count
        if range != nil, let text = contentRange(bytes, content.count, fault) {
            headers.append(("Content-Range", text))
        }
        var body = Array(content[bytes])
        let length = ("Content-Length", "\(body.count)")
        let status = range == nil ? 200 : 206
        switch fault {
        case .none, .rangeIgnored, .wrongRangeStart, .wrongRangeEnd, .wrongRangeTotal, .unknownRangeTotal,
            .noContentRange:
            try await connection.sendHead(status, headers + [length])
            try await connection.send(body)
        case .truncated(let count):
            try await connection.sendHead(status, headers + [length])
            try await connection.send(body.prefix(count))
            try await connection.close()
        case .tooLong(let count):
            try await connection.sendHead(status, headers + [("Connection", "close")])
            try await connection.send(body + [UInt8](repeating: 0x55, count: count))
            try await connection.close()
        case .reset(let count):
            try await connection.sendHead(status, headers + [length])
            try await connection.send(body.prefix(count))
            try await connection.reset()
        case .stallAtOnce:
            try await connection.stall()
        case .stall(let count):
            try await connection.sendHead(status, headers + [length])
            try await connection.send(body.prefix(count))
            try await connection.stall()
        case .trickle(let milliseconds):
            try await connection.sendHead(status, headers + [length])
            for byte in body {
                try await connection.send([byte])
                try await Task.sleep(for: .milliseconds(milliseconds))
            }
        case .closed:
            try await connection.close()
        case .status(let status, let more):
            try await connection.sendEmpty(status, more.map { ($0.key, $0.value) })
        case .redirect(let target, let status):
            try await connection.sendEmpty(status, [("Location", target)])
        case .flippedByte(let offset):
            if bytes.contains(offset) { body[offset - bytes.lowerBound] ^= 1 }
            try await connection.sendHead(status, headers + [length])
            try await connection.send(body)
        case .encoded(let encoding):
            try await connection.sendHead(status, headers + [length, ("Content-Encoding", encoding)])
            try await connection.send(body)
        case .webPage:
            let page = Array("<html>Please sign in.</html>".utf8)
            try await connection.sendHead(
                200, [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "\(page.count)")])
            try await connection.send(page)
        case .nonsense:
            try await connection.send(Array("SSH-2.0-OpenSSH_9.9\r\n".utf8))
            try await connection.close()
        case .chunked:
            try await connection.sendHead(status, headers + [("Transfer-Encoding", "chunked")])
            try await connection.send(
                Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8))
        }
    }

    private static func contentRange(_ bytes: Range<Int>, _ total: Int, _ fault: Fault) -> String? {
        let (first, last) = (bytes.lowerBound, bytes.upperBound - 1)
        return switch fault {
        case .wrongRangeStart: "bytes \(first + 1)-\(last)/\(total)"
        case .wrongRangeEnd: "bytes \(first)-\(last + 1)/\(max(total, last + 2))"
        case .wrongRangeTotal: "bytes \(first)-\(last)/\(total + 4096)"
        case .unknownRangeTotal: "bytes \(first)-\(last)/*"
        case .noContentRange: nil
        default: "bytes \(first)-\(last)/\(total)"
        }
    }
}
