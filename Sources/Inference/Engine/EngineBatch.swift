import LlamaBridge

/// Tokens of one or many sequences, to be computed together. Used again and again; lives on the engine's thread.
final class EngineBatch {
    let pointer: OpaquePointer
    let capacity: Int

    /// Throws `InferenceError.outOfMemory`.
    init(capacity: Int) throws {
        guard let pointer = roost_batch_create(Int32(clamping: capacity)) else {
            throw InferenceError.outOfMemory(
                neededByteCount: Int64(capacity) * 32, availableByteCount: HostFacts.availableByteCount ?? 0,
                what: "a batch of \(capacity) tokens")
        }
        self.pointer = pointer
        self.capacity = capacity
    }

    deinit { roost_batch_free(pointer) }

    var count: Int { Int(roost_batch_count(pointer)) }

    func removeAll() { roost_batch_clear(pointer) }

    /// Adds tokens, of which the last `outputCount` give logits; returns the index of the first.
    func add(_ tokens: ArraySlice<Int32>, position: Int, sequence: Int32, outputCount: Int) -> Int32 {
        tokens.withUnsafeBufferPointer {
            roost_batch_add(
                pointer, $0.baseAddress, Int32(clamping: $0.count), Int32(clamping: position), sequence,
                Int32(clamping: outputCount))
        }
    }
}
