import Foundation
public import Inference
import ModelFormats

/// Asks another estimator with headers that have no vocabulary: its lists are most of a header, and what the engine
/// takes longest to read and keeps most of in memory, but beside their length they decide nothing. What their tables
/// take is computed.
public struct LeanEstimator: MemoryEstimator {
    /// What is asked.
    public let base: any MemoryEstimator

    /// Asks `base`.
    public init(_ base: any MemoryEstimator) { self.base = base }

    /// What the model takes on this machine, with its engine, for each of `options`.
    ///
    /// - Throws: as `base` does for the whole headers.
    public func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        guard let first = headers.weights.first, let lean = Self.withoutVocabulary(first) else {
            return try await base.estimates(of: headers, options: options)
        }
        var thin = headers
        thin.weights[0] = lean.file
        do {
            return try await base.estimates(of: thin, options: options).map { estimate in
                var whole = estimate
                whole.overheadByteCount += lean.tableByteCount
                // Of a mapped file the header is let go with what else nobody reads any more.
                if whole.mappedByteCount > 0 {
                    whole.loadingByteCount += first.fileByteCount - lean.file.fileByteCount
                }
                return whole
            }
        } catch InferenceError.estimateFailed {
            // The engine's own words are about the whole header.
            return try await base.estimates(of: headers, options: options)
        }
    }

    /// The file with a vocabulary of as many nameless tokens, and what the tables of its own would take; `nil` when it
    /// is not as our own reader knows it.
    static func withoutVocabulary(_ file: ModelHeaderFile) -> (file: ModelHeaderFile, tableByteCount: Int64)? {
        guard case .complete(let header) = try? GGUFReader.header(from: file.bytes),
            let architecture = header.metadata.string("general.architecture"),
            let tables = VocabularyTables(header.metadata), let tokenCount = UInt32(exactly: tables.tokenCount),
            var writer = try? GGUFWriter(version: header.version, alignment: header.alignment),
            file.fileByteCount >= Int64(clamping: header.dataOffset)
        else { return nil }
        for (key, value) in header.metadata where !VocabularyTables.keys.contains(key) { writer.set(key, value) }
        writer.set("tokenizer.ggml.model", .string("none"))
        writer.set("\(architecture).vocab_size", .uint32(tokenCount))
        for tensor in header.tensors {
            guard let info = try? writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type),
                info.offset == tensor.offset
            else { return nil }
        }
        let bytes = Data(writer.headerBytes())
        let dataByteCount = file.fileByteCount - Int64(header.dataOffset)
        return (
            ModelHeaderFile(bytes: bytes, fileByteCount: Int64(bytes.count) + dataByteCount), tables.byteCount
        )
    }
}
