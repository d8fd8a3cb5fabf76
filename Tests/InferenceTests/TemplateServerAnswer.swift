import Foundation

@testable import Inference

/// What a verbose llama-server says of a chat.
struct ServerAnswer: Decodable {
    struct Choice: Decodable {
        struct Message: Decodable {
            struct Call: Decodable {
                struct Function: Decodable {
                    var name: String
                    var arguments: String
                }
                var function: Function
            }

            var content: String?
            var reasoning: String?
            var calls: [Call]?

            enum CodingKeys: String, CodingKey {
                case content
                case reasoning = "reasoning_content"
                case calls = "tool_calls"
            }
        }
        var message: Message
    }

    struct Verbose: Decodable {
        var settings: Settings
        enum CodingKeys: String, CodingKey { case settings = "generation_settings" }
    }

    struct Settings: Decodable {
        struct Trigger: Decodable {
            /// As in common.h: token, word, pattern, whole pattern.
            var type: Int
            var value: String
            var token: Int32?

            var rule: GrammarRule.Trigger {
                switch type {
                case 0: .token(token ?? -1)
                case 1: .word(value)
                case 2: .pattern(value)
                default: .patternFull(value)
                }
            }
        }

        var grammar: String
        var isLazy: Bool
        var triggers: [Trigger]
        var preservedTokens: [Int32]
        var generationPrompt: String
        var stops: [String]

        enum CodingKeys: String, CodingKey {
            case grammar
            case isLazy = "grammar_lazy"
            case triggers = "grammar_triggers"
            case preservedTokens = "preserved_tokens"
            case generationPrompt = "generation_prompt"
            case stops = "stop"
        }
    }

    var choices: [Choice]
    var verbose: Verbose

    enum CodingKeys: String, CodingKey {
        case choices
        case verbose = "__verbose"
    }
}
