import Foundation
import Roost

/// A model's facts as Ollama's lists give them.
struct OllamaDetails: Encodable, Sendable {
    let parentModel: String
    let format: String
    let family: String
    let families: [String]
    let parameterSize: String
    let quantizationLevel: String
    let contextLength: Int?
    let embeddingLength: Int?

    init(_ record: ModelRecord) {
        let source = record.provenance.flatMap { $0.hub == Provenance.created ? ModelName($0.reference) : nil }
        parentModel = source?.description ?? ""
        format = record.format
        family = record.architecture
        families = [record.architecture]
        parameterSize = Self.size(record.parameterCount)
        quantizationLevel = record.quantization
        contextLength = record.contextLength
        embeddingLength = record.embeddingLength
    }

    enum CodingKeys: String, CodingKey {
        case format, family, families
        case parentModel = "parent_model"
        case parameterSize = "parameter_size"
        case quantizationLevel = "quantization_level"
        case contextLength = "context_length"
        case embeddingLength = "embedding_length"
    }

    /// `268.10M`, `7.6B`, `12B`: two decimals for millions and one for billions, none when whole.
    static func size(_ count: Int64) -> String {
        func scaled(_ unit: Int64, _ decimals: Int, _ suffix: String) -> String {
            let text =
                count % unit == 0
                ? "\(count / unit)" : String(format: "%.\(decimals)f", Double(count) / Double(unit))
            return text + suffix
        }
        return switch count {
        case 1_000_000_000...: scaled(1_000_000_000, 1, "B")
        case 1_000_000...: scaled(1_000_000, 2, "M")
        case 1000...: scaled(1000, 0, "K")
        default: "\(count)"
        }
    }
}

/// `GET /api/tags`.
struct OllamaTags: Encodable, Sendable {
    struct Model: Encodable, Sendable {
        let name: String
        let model: String
        let modifiedAt: Date
        let size: Int64
        let digest: String
        let details: OllamaDetails
        let capabilities: [String]?
        /// Of an engine's model: its name there, and where that is.
        let remoteModel: String?
        let remoteHost: String?

        init(_ record: ModelRecord) {
            name = record.name.description
            model = name
            modifiedAt = record.modifiedAt
            size = record.totalByteCount
            digest = record.digest.hexadecimal
            details = OllamaDetails(record)
            capabilities = OllamaShow.capabilities(of: record)
            remoteModel = nil
            remoteHost = nil
        }

        enum CodingKeys: String, CodingKey {
            case name, model, size, digest, details, capabilities
            case modifiedAt = "modified_at"
            case remoteModel = "remote_model"
            case remoteHost = "remote_host"
        }
    }

    let models: [Model]
}

/// `GET /api/ps`.
struct OllamaProcesses: Encodable, Sendable {
    struct Retreat: Encodable, Sendable {
        let message: String
        let changesQuality: Bool

        enum CodingKeys: String, CodingKey {
            case message
            case changesQuality = "changes_quality"
        }
    }

    struct Model: Encodable, Sendable {
        let name: String
        let model: String
        let size: Int64
        let digest: String
        let details: OllamaDetails
        let expiresAt: Date
        let sizeVRAM: Int64
        let contextLength: Int
        // Not Ollama's: what the model computes now, and what waits for it.
        let activeRequests: Int
        let queuedRequests: Int
        // Nor these: what stands between it and the machine, its process and what that holds, and whether it stays.
        let isolation: String
        let pid: Int32?
        let residentBytes: Int64?
        let pinned: Bool
        // Nor this: what was given up so that it could be loaded.
        let retreats: [Retreat]

        init(_ status: LoadedModelStatus) {
            name = status.record.name.description
            model = name
            size = status.memory.weightsByteCount + status.memory.contextByteCount + status.memory.computeByteCount
            digest = status.record.digest.hexadecimal
            details = OllamaDetails(status.record)
            expiresAt = status.expiresAt ?? Self.never
            sizeVRAM = status.memory.devices.filter { !$0.isHost }.reduce(0) { $0 + $1.totalByteCount }
            contextLength = status.info.contextLength
            activeRequests = status.activeRequestCount
            queuedRequests = status.queuedRequestCount
            isolation = status.isolation.rawValue
            pid = status.activity.processIdentifier
            residentBytes = status.activity.residentByteCount
            pinned = status.isPinned
            retreats = status.retreats.map { Retreat(message: $0.message, changesQuality: $0.changesQuality) }
        }

        /// What stands for “does not expire”: clients parse a date, and Ollama too gives one some three centuries off.
        private static let never = Date(timeIntervalSince1970: 10_000_000_000)

        enum CodingKeys: String, CodingKey {
            case name, model, size, digest, details, isolation, pid, pinned, retreats
            case residentBytes = "resident_bytes"
            case expiresAt = "expires_at"
            case sizeVRAM = "size_vram"
            case contextLength = "context_length"
            case activeRequests = "active_requests"
            case queuedRequests = "queued_requests"
        }
    }

    let models: [Model]
}
