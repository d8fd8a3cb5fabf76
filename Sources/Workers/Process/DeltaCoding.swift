import Inference

extension GenerationDelta {
    /// The form in which deltas go through the socket: u8 0, u32 choice, u32 bytes of the text, the text, the
    /// reasoning; or u8 1 and the whole in JSON, when there is more than text in it.
    func workerPayload() throws -> [UInt8] {
        guard toolCalls.isEmpty, logProbabilities.isEmpty else { return [1] + (try WorkerJSON.encode(self)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 + text.utf8.count + reasoning.utf8.count)
        bytes.append(0)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: choice))
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
        bytes.append(contentsOf: reasoning.utf8)
        return bytes
    }

    /// - Throws: `WorkerProtocolError`.
    init(workerPayload bytes: [UInt8]) throws {
        switch bytes.first {
        case 0 where bytes.count >= 9:
            let textCount = Int(bytes.littleEndian(UInt32.self, at: 5))
            guard textCount <= bytes.count - 9,
                let text = String(validating: bytes[9..<(9 + textCount)], as: UTF8.self),
                let reasoning = String(validating: bytes[(9 + textCount)...], as: UTF8.self)
            else { throw WorkerProtocolError("a broken delta") }
            self.init(choice: Int(bytes.littleEndian(UInt32.self, at: 1)), text: text, reasoning: reasoning)
        case 1: self = try WorkerJSON.decode(GenerationDelta.self, from: Array(bytes.dropFirst()))
        default: throw WorkerProtocolError("a broken delta")
        }
    }
}

extension EmbeddingResult {
    /// u32 inputs; for each u32 tokens, u32 vectors, u32 values in each, the values as IEEE 754 singles.
    func workerPayload() throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: vectors.count))
        for (input, tokenCount) in zip(vectors, tokenCounts) {
            let length = input.first?.count ?? 0
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: tokenCount))
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: input.count))
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: length))
            guard bytes.count + input.count * length * 4 <= WorkerFrame.payloadLimit else {
                throw InferenceError.workerFailed(
                    reason: "its vectors are larger than \(WorkerFrame.payloadLimit >> 20) MiB; send fewer texts at once")
            }
            for vector in input { for value in vector { bytes.append(littleEndian: value.bitPattern) } }
        }
        return bytes
    }

    /// - Throws: `WorkerProtocolError`.
    init(workerPayload bytes: [UInt8], inputCount: Int) throws {
        let broken = WorkerProtocolError("broken vectors")
        var offset = 0
        func number() throws -> Int {
            guard bytes.count - offset >= 4 else { throw broken }
            defer { offset += 4 }
            return Int(bytes.littleEndian(UInt32.self, at: offset))
        }
        guard try number() == inputCount else { throw broken }
        self.init(vectors: [], tokenCounts: [])
        for _ in 0..<inputCount {
            tokenCounts.append(try number())
            let (count, length) = (try number(), try number())
            let (values, overflows) = count.multipliedReportingOverflow(by: length)
            guard !overflows, count <= bytes.count, values <= (bytes.count - offset) / 4 else { throw broken }
            var input: [[Float]] = []
            for _ in 0..<count {
                input.append(
                    (0..<length).map {
                        Float(bitPattern: bytes.littleEndian(UInt32.self, at: offset + 4 * $0))
                    })
                offset += 4 * length
            }
            vectors.append(input)
        }
        guard offset == bytes.count else { throw broken }
    }
}
