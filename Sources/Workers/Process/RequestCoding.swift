import Inference

extension GenerationRequest {
    /// The form in which requests go through the socket: u32 bytes of the JSON, the JSON, and the tokens of a prompt
    /// that is given as such, as 32-bit integers: as JSON, some thousand of them would take longer than a token does.
    func workerPayload() throws -> [UInt8] {
        var head = self
        var tokens: [Int32] = []
        if case .tokens(let all) = prompt {
            tokens = all
            head.prompt = .tokens([])
        }
        let json = try WorkerJSON.encode(head)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + json.count + 4 * tokens.count)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: json.count))
        bytes += json
        for token in tokens { bytes.append(littleEndian: UInt32(bitPattern: token)) }
        return bytes
    }

    /// - Throws: `WorkerProtocolError`.
    init(workerPayload bytes: [UInt8]) throws {
        let broken = WorkerProtocolError("a broken request")
        guard bytes.count >= 4 else { throw broken }
        let count = Int(bytes.littleEndian(UInt32.self, at: 0))
        guard count <= bytes.count - 4, (bytes.count - 4 - count).isMultiple(of: 4) else { throw broken }
        self = try WorkerJSON.decode(GenerationRequest.self, from: Array(bytes[4..<4 + count]))
        let tokens = stride(from: 4 + count, to: bytes.count, by: 4).map {
            Int32(bitPattern: bytes.littleEndian(UInt32.self, at: $0))
        }
        if case .tokens = prompt { prompt = .tokens(tokens) } else if !tokens.isEmpty { throw broken }
    }
}
