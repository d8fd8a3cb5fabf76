import Dispatch
import Foundation
import Roost

/// What `/api/show` tells from a model's own file.
struct ModelFileMetadata: Sendable {
    private let header: GGUFHeader

    private static let queue = DispatchQueue(label: "roost.server.metadata")

    /// Reads the file's header, on a thread of its own for it may wait on the disk.
    static func read(_ url: URL) async throws -> ModelFileMetadata {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { ModelFileMetadata(header: try GGUFReader.open(url).header) })
            }
        }
    }

    /// The file's chat template.
    var chatTemplate: String? { header.metadata["tokenizer.chat_template"]?.stringValue }

    /// All metadata but the template; arrays, which may be vocabularies, only when `verbose`.
    func values(verbose: Bool) -> [String: OllamaMetadataValue] {
        var values: [String: OllamaMetadataValue] = [:]
        for key in header.metadata.keys where key != "tokenizer.chat_template" {
            guard let value = header.metadata[key] else { continue }
            values[key] = OllamaMetadataValue(value: value, includesArrays: verbose)
        }
        return values
    }

    /// Every tensor's name, type and dimensions.
    var tensors: [OllamaShow.Tensor] {
        header.tensors.map { .init(name: $0.name, type: "\($0.type)", shape: $0.dimensions) }
    }
}

/// A metadata value in `model_info`. Arrays are `null` unless asked for, as Ollama gives them.
struct OllamaMetadataValue: Encodable, Sendable {
    let value: GGUFValue
    let includesArrays: Bool

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let array = value.arrayValue {
            guard includesArrays else { return try container.encodeNil() }
            try container.encode(array.map { OllamaMetadataValue(value: $0, includesArrays: true) })
        } else if let text = value.stringValue {
            try container.encode(text)
        } else if let flag = value.boolValue {
            try container.encode(flag)
        } else if let number = value.intValue {
            try container.encode(number)
        } else if let number = value.doubleValue, number.isFinite {
            try container.encode(number)
        } else {
            try container.encodeNil()
        }
    }
}
