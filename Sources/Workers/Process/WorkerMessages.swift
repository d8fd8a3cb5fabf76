import Foundation
import Inference

/// The version of what worker and parent say to each other. Both sides must have the same.
enum WorkerProtocol {
    static let version = 4
    /// The descriptor that a worker finds its parent behind.
    static let descriptor: Int32 = 3
    /// How often a worker says that it lives.
    static let heartbeat = Duration.milliseconds(500)
    /// The descriptor of the model's first file in the worker; the others follow.
    static let firstFile: Int32 = 300
    /// Most files of one model.
    static let fileLimit = 200
}

/// Who the worker is.
struct WorkerHello: Codable, Equatable, CustomStringConvertible {
    var protocolVersion: Int
    var version: String
    var engineVersion: String

    var description: String { "\(version), engine \(engineVersion), protocol \(protocolVersion)" }
}

/// What a worker is to do.
struct WorkerJob: Codable {
    var name: String
    /// Numbers in the worker: the descriptors that came along with this frame, the first one 0.
    var files: ModelDescriptors
    var options: LoadOptions
    /// Whether it may run where it cannot be locked.
    var allowsUnsandboxed: Bool
    /// What the model's content is called; for what is kept of it.
    var identity: String
    /// Bytes that the model may take.
    var availableByteCount: Int64?
    /// Computed prompts; `nil` when none are kept.
    var prefixes: Prefixes?

    /// Where computed prompts are kept: behind the last descriptors that came along, the saved ones (if any) before the
    /// draft.
    struct Prefixes: Codable {
        var key: PackKey
        var secret: [UInt8]
        var hasSaved: Bool

        var descriptorCount: Int { hasSaved ? 2 : 1 }
    }
}

/// The worker has the model.
struct WorkerLoaded: Codable {
    var info: LoadedModelInfo
    var memory: ModelMemory
    var sandbox: WorkerSandbox
}

/// Why something did not work.
struct WorkerFailure: Codable {
    /// `nil` when it was cancelled.
    var error: InferenceError?

    init(_ error: any Error) {
        switch error {
        case let error as InferenceError: self.error = error
        case is CancellationError: self.error = nil
        default: self.error = .workerFailed(reason: "\(error)")
        }
    }

    var asError: any Error { error ?? CancellationError() }
}

struct TokenizeRequest: Codable {
    var text: String
    var addSpecial: Bool
    var parseSpecial: Bool
}

struct DetokenizeRequest: Codable {
    var tokens: [Int32]
    var removeSpecial: Bool
    var unparseSpecial: Bool
}

/// JSON between worker and parent. Numbers that are not finite go as text.
enum WorkerJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return [UInt8](try encoder.encode(value))
    }

    /// - Throws: `WorkerProtocolError`.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            throw WorkerProtocolError("a message that is no \(type)")
        }
    }
}
