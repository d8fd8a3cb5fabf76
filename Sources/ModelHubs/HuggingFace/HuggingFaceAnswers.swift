import Foundation

/// A repository's facts, as `/api/models/{id}` and the search give them. Fields that a mirror leaves out are `nil`.
struct HuggingFaceModelInfo: Decodable, Sendable {
    let id: String
    let sha: String?
    let gated: Gate?
    let downloads: Int?
    let likes: Int?
    let lastModified: String?
    let pipelineTag: String?
    let tags: [String]?
    let cardData: Card?
    let gguf: GGUFFacts?
    let siblings: [Sibling]?

    private enum CodingKeys: String, CodingKey {
        case id, sha, gated, downloads, likes, lastModified, tags, cardData, gguf, siblings
        case pipelineTag = "pipeline_tag"
    }

    /// `false`, or `"auto"` and `"manual"`.
    struct Gate: Decodable, Sendable {
        let isOn: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                isOn = flag
            } else {
                isOn = try container.decode(String.self) != "false"
            }
        }
    }

    /// The model card's header, which people write: what has another form than expected is left out.
    struct Card: Decodable, Sendable {
        let license: String?
        let licenseName: String?
        let licenseLink: String?
        let baseModels: [String]
        let languages: [String]
        let pipeline: String?

        private enum Key: String, CodingKey {
            case license, language
            case licenseName = "license_name"
            case licenseLink = "license_link"
            case baseModel = "base_model"
            case pipelineTag = "pipeline_tag"
        }

        init(from decoder: any Decoder) throws {
            let container = try? decoder.container(keyedBy: Key.self)
            // Several of these are a text in some cards and a list in others.
            func texts(_ key: Key) -> [String] {
                guard let container else { return [] }
                if let text = try? container.decode(String.self, forKey: key) { return [text] }
                return (try? container.decode([String].self, forKey: key)) ?? []
            }
            license = texts(.license).first
            licenseName = texts(.licenseName).first
            licenseLink = texts(.licenseLink).first
            baseModels = texts(.baseModel)
            languages = texts(.language)
            pipeline = texts(.pipelineTag).first
        }
    }

    /// What the hub read from the GGUF file.
    struct GGUFFacts: Decodable, Sendable {
        let total: Int64?
        let architecture: String?
        let contextLength: Int?

        private enum CodingKeys: String, CodingKey {
            case total, architecture
            case contextLength = "context_length"
        }
    }

    struct Sibling: Decodable, Sendable {
        let rfilename: String
    }

    /// The licence from the card, else from the tag `license:…`.
    var license: String? {
        cardData?.license ?? tags?.first { $0.hasPrefix("license:") }.map { String($0.dropFirst(8)) }
    }
}

/// An entry of `/api/models/{id}/tree/{revision}`.
struct HuggingFaceTreeEntry: Decodable, Sendable {
    let type: String
    let path: String
    let size: Int64?
    let lfs: LargeFile?

    struct LargeFile: Decodable, Sendable {
        /// The content's SHA-256; the entry's own `oid` is Git's, of the pointer.
        let oid: String
        let size: Int64?
    }
}
