import Roost

/// `input` of a response: a text by the user, or items.
enum ResponseInput: Decodable, Sendable {
    case text(String)
    case items([Item])

    /// Most items of one request.
    static let maximumCount = 4096

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .items(try container.decode([Item].self))
        }
    }

    /// An item as it is sent; which fields it has depends on its type.
    struct Item: Decodable, Sendable {
        var type: String?
        var id: String?
        var role: String?
        var content: TextOrParts<Part>?
        var callID: String?
        var name: String?
        var arguments: String?
        var output: TextOrParts<Part>?
        var summary: [Part]?

        enum CodingKeys: String, CodingKey {
            case type, id, role, content, name, arguments, output, summary
            case callID = "call_id"
        }
    }

    struct Part: Decodable, Sendable {
        var type: String?
        var text: String?
        var refusal: String?
        var imageURL: String?
        var detail: String?

        enum CodingKeys: String, CodingKey {
            case type, text, refusal, detail
            case imageURL = "image_url"
        }
    }

    /// The items, each with an id. A reference is looked up by `resolve`.
    ///
    /// Throws `APIError` that names the field.
    func items(resolve: (_ id: String) throws -> ResponseItem) throws -> [ResponseItem] {
        switch self {
        case .text(let text):
            return [
                ResponseItem(
                    id: WireIdentifier.make("msg_"), content: .message(role: "user", parts: [.inputText(text)]))
            ]
        case .items(let items):
            guard items.count <= Self.maximumCount else {
                throw APIError.invalidRequest(
                    "input has \(items.count) items, but must have at most \(Self.maximumCount).", parameter: "input")
            }
            return try items.enumerated().map { try $1.item(field: "input[\($0)]", resolve: resolve) }
        }
    }
}

extension ResponseInput.Item {
    fileprivate func item(field: String, resolve: (String) throws -> ResponseItem) throws -> ResponseItem {
        switch type ?? (role == nil ? "item_reference" : "message") {
        case "message": return try message(field: field)
        case "item_reference": return try resolve(try required(id, "\(field).id"))
        case "reasoning":
            // What others think comes as a summary, what models here think as it is.
            let parts = content?.parts ?? []
            let texts = (parts.isEmpty ? summary ?? [] : parts).compactMap(\.text)
            return ResponseItem(
                id: id ?? WireIdentifier.make("rs_"), content: .reasoning(texts.joined(separator: "\n")))
        case "function_call":
            return ResponseItem(
                id: id ?? WireIdentifier.make("fc_"),
                content: .functionCall(
                    callID: try required(callID, "\(field).call_id"), name: try required(name, "\(field).name"),
                    arguments: try required(arguments, "\(field).arguments")))
        case "function_call_output":
            guard let output else {
                throw APIError.invalidRequest("\(field).output is required.", parameter: "\(field).output")
            }
            return ResponseItem(
                id: id ?? WireIdentifier.make("fco_"),
                content: .functionCallOutput(
                    callID: try required(callID, "\(field).call_id"),
                    output: try output.value(field: "\(field).output")))
        case let type:
            throw APIError.invalidRequest(
                "\(field).type is “\(type.prefix(40))”, but must be message, reasoning, function_call, "
                    + "function_call_output or item_reference.", parameter: "\(field).type")
        }
    }

    private func message(field: String) throws -> ResponseItem {
        let role = try required(role, "\(field).role")
        guard ["user", "assistant", "system", "developer"].contains(role) else {
            throw APIError.invalidRequest(
                "\(field).role is “\(role.prefix(40))”, but must be user, assistant, system or developer.",
                parameter: "\(field).role")
        }
        guard let content else {
            throw APIError.invalidRequest("\(field).content is required.", parameter: "\(field).content")
        }
        let parts: [ResponseItem.Part]
        switch content {
        case .text(let text):
            parts = [role == "assistant" ? .outputText(text, logProbabilities: []) : .inputText(text)]
        case .parts(let given):
            parts = try given.enumerated().map { try $1.part(field: "\(field).content[\($0)]") }
        }
        return ResponseItem(id: id ?? WireIdentifier.make("msg_"), content: .message(role: role, parts: parts))
    }

    private func required(_ value: String?, _ field: String) throws -> String {
        guard let value else { throw APIError.invalidRequest("\(field) is required.", parameter: field) }
        return value
    }
}

extension TextOrParts<ResponseInput.Part> {
    fileprivate var parts: [ResponseInput.Part]? { if case .parts(let parts) = self { parts } else { nil } }

    fileprivate func value(field: String) throws -> ResponseItem.Output {
        switch self {
        case .text(let text): .text(text)
        case .parts(let parts): .parts(try parts.enumerated().map { try $1.part(field: "\(field)[\($0)]") })
        }
    }
}

extension ResponseInput.Part {
    fileprivate func part(field: String) throws -> ResponseItem.Part {
        switch type {
        case "input_text", "text": return .inputText(try required(text, "\(field).text"))
        case "output_text": return .outputText(try required(text, "\(field).text"), logProbabilities: [])
        case "refusal": return .refusal(try required(refusal, "\(field).refusal"))
        case "input_image":
            let url = try required(imageURL, "\(field).image_url")
            // Looked at here, where the field can still be named.
            _ = try WireImage.data(url: url, field: "\(field).image_url")
            return .inputImage(url: url, detail: detail ?? "auto")
        case let type:
            throw APIError.invalidRequest(
                "\(field).type is “\((type ?? "").prefix(40))”, but must be input_text, input_image, output_text or "
                    + "refusal.", parameter: "\(field).type")
        }
    }

    private func required(_ value: String?, _ field: String) throws -> String {
        guard let value else { throw APIError.invalidRequest("\(field) is required.", parameter: field) }
        return value
    }
}
