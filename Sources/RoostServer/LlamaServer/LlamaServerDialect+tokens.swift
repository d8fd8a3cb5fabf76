import Foundation
import Hummingbird
import Roost

extension LlamaServerDialect {
    var tokenRoutes: [ServerRoute] {
        [
            .post("/tokenize", .scope(.infer)) { request, context in
                try await tokenize(reader.decode(TokenizeBody.self, from: request), context)
            },
            .post("/detokenize", .scope(.infer)) { request, context in
                let body = try await reader.decode(DetokenizeBody.self, from: request)
                let tokens = body.tokens ?? []
                let text = try await runner.answer(on: try await model(body.model, for: context), for: context) {
                    model, _ in
                    String(decoding: try await model.pieces(of: tokens).joined(), as: UTF8.self)
                }
                return try WireJSON.response(DetokenizeAnswer(content: text))
            },
            .post("/apply-template", .scope(.infer)) { request, context in
                let body = try await reader.decode(OpenAIChatRequest.self, from: request)
                var chat = try body.chatRequest()
                // As llama-server has it: an answer that was begun is gone on with.
                if let last = chat.messages.last, last.role == .assistant, last.toolCalls.isEmpty {
                    chat.continuesLastMessage = body.continuesLastMessage ?? true
                }
                let prompt = try await runner.answer(
                    on: try await model(body.sampling.model, for: context), for: context
                ) { [chat] model, _ in try await model.prompt(for: chat) }
                return try WireJSON.response(TemplateAnswer(prompt: prompt))
            },
        ]
    }

    private func tokenize(_ body: TokenizeBody, _ context: RoostRequestContext) async throws -> Response {
        let answer = try await runner.answer(on: try await model(body.model, for: context), for: context) { model, _ in
            let tokens =
                try await body.content?.tokens(
                    on: model, addSpecial: body.addSpecial ?? false, parseSpecial: body.parseSpecial ?? true) ?? []
            let pieces = body.withPieces ?? false ? try await model.pieces(of: tokens) : nil
            return TokenizeAnswer(tokens: tokens, pieces: pieces)
        }
        return try WireJSON.response(answer)
    }
}

/// `POST /tokenize`.
struct TokenizeBody: Decodable, Sendable {
    var model: String?
    var content: LlamaServerPrompt?
    var addSpecial: Bool?
    var parseSpecial: Bool?
    var withPieces: Bool?

    enum CodingKeys: String, CodingKey {
        case model, content
        case addSpecial = "add_special"
        case parseSpecial = "parse_special"
        case withPieces = "with_pieces"
    }
}

/// Tokens, with their pieces when they were asked for.
struct TokenizeAnswer: Encodable, Sendable {
    let tokens: [Int32]
    let pieces: [[UInt8]]?

    enum CodingKeys: CodingKey { case tokens, id, piece }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        guard let pieces else { return try container.encode(tokens, forKey: .tokens) }
        var list = container.nestedUnkeyedContainer(forKey: .tokens)
        for (token, piece) in zip(tokens, pieces) {
            var item = list.nestedContainer(keyedBy: CodingKeys.self)
            try item.encode(token, forKey: .id)
            // What is not text by itself is given as its bytes.
            if let text = String(validating: piece, as: UTF8.self) {
                try item.encode(text, forKey: .piece)
            } else {
                try item.encode(piece, forKey: .piece)
            }
        }
    }
}

/// `POST /detokenize`.
struct DetokenizeBody: Decodable, Sendable {
    var model: String?
    var tokens: [Int32]?
}

struct DetokenizeAnswer: Encodable, Sendable {
    let content: String
}

/// `POST /apply-template`.
struct TemplateAnswer: Encodable, Sendable {
    let prompt: String
}
