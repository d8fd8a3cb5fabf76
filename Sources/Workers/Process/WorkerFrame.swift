/// One message between a worker and the process that started it.
///
/// On the wire, all numbers little-endian: u32 count of the bytes that follow it, u8 kind, u64 request, payload.
struct WorkerFrame: Sendable, Hashable {
    /// What a frame says, and what its payload is.
    enum Kind: UInt8, Sendable, CaseIterable {
        // To the worker. JSON of the request, where nothing else is said.
        case job = 1
        case generate, embed, rerank, tokenize, detokenize, prompt
        /// Nobody waits for the request any more. Empty.
        case cancel
        /// Ends streams, frees the model, and the process. Empty.
        case unload
        /// What models take, instead of a job; one `result` or `failed` is the answer.
        case estimate
        /// Instead of a job: its model is not served, but measured. Later a `SpeedQuestion`.
        case measure
        /// JSON of tokens, whose bytes are the answer.
        case pieces

        // From the worker.
        case hello = 64
        /// A `Double` in 0…1, its eight bytes.
        case progress
        case loaded
        /// JSON of a `WorkerFailure`; request 0 is the loading.
        case failed
        /// A `GenerationDelta` in its own form.
        case delta
        /// JSON of a `GenerationEvent` that is no delta.
        case event
        /// The end of a stream. Empty.
        case end
        /// The answer to anything but `generate`.
        case result
        /// JSON of a `ModelActivity`.
        case heartbeat
    }

    static let headerCount = 13
    /// Most bytes of a payload. A worker's answer that is larger is refused.
    static let payloadLimit = 64 << 20

    var kind: Kind
    var request: UInt64
    var payload: [UInt8]

    init(_ kind: Kind, request: UInt64 = 0, payload: [UInt8] = []) {
        self.kind = kind
        self.request = request
        self.payload = payload
    }

    /// Adds its bytes to `bytes`.
    func write(to bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt32(payload.count + Self.headerCount - 4))
        bytes.append(kind.rawValue)
        bytes.append(littleEndian: request)
        bytes += payload
    }
}

/// Finds the frames in what arrives. Nothing is believed: a length that is too large, or a kind that is not known, ends
/// the connection before anything is kept for it.
struct WorkerFrameReader {
    private var bytes: [UInt8] = []
    private var start = 0

    /// Takes in what arrived.
    mutating func append(_ arrived: UnsafeRawBufferPointer) {
        if start > 0, start == bytes.count || start > 1 << 20 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: arrived)
    }

    /// The next whole frame; `nil` when more has to arrive.
    ///
    /// - Throws: `WorkerProtocolError`.
    mutating func next() throws -> WorkerFrame? {
        guard bytes.count - start >= 4 else { return nil }
        let count = Int(bytes.littleEndian(UInt32.self, at: start))
        guard count >= WorkerFrame.headerCount - 4, count <= WorkerFrame.payloadLimit + WorkerFrame.headerCount - 4
        else { throw WorkerProtocolError("a frame of \(count) bytes") }
        guard bytes.count - start > 4 else { return nil }
        guard let kind = WorkerFrame.Kind(rawValue: bytes[start + 4]) else {
            throw WorkerProtocolError("a frame of the unknown kind \(bytes[start + 4])")
        }
        guard bytes.count - start >= 4 + count else { return nil }
        let end = start + 4 + count
        let frame = WorkerFrame(
            kind, request: bytes.littleEndian(UInt64.self, at: start + 5),
            payload: Array(bytes[(start + WorkerFrame.headerCount)..<end]))
        start = end
        return frame
    }
}

/// The other side does not speak the protocol.
struct WorkerProtocolError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// The number at `offset`, which must be there with all its bytes.
    func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }
}
