// The whole of Roost's library in a few lines: take a model file in, list, generate, stream, chat.
// Usage: Quickstart MODEL.gguf [PROMPT]
import Foundation
import Roost

let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first else {
    print("Usage: Quickstart MODEL.gguf [PROMPT]")
    exit(64)
}
let prompt = arguments.dropFirst().first ?? "The capital of France is"

do {
    let roost = try await ModelManager()
    let model = try await roost.importModel(at: URL(fileURLWithPath: path), as: "quickstart")
    for record in try await roost.downloadedModels() {
        print("\(record.name): \(record.architecture) \(record.quantization), \(record.byteCount) bytes")
    }

    var options = GenerationOptions.greedy
    options.maxTokens = 16
    let name = model.name.description

    let answer = try await roost.generate(prompt, model: name, options: options)
    print("generate:", prompt + answer.text)

    print("stream: ", terminator: "")
    for try await event in roost.stream(prompt, model: name, options: options) {
        switch event {
        case .queued, .promptProgress: break
        case .delta(let delta): print(delta.text, terminator: "")
        case .finished(let result): print(String(format: " (%.1f tokens/s)", result.tokensPerSecond))
        }
    }

    do {
        for try await event in roost.chat([.user("Say hello.")], model: name, options: options) {
            if case .finished(let result) = event { print("chat:", result.text) }
        }
    } catch InferenceError.noChatTemplate {
        print("chat: \(name) is a base model without a chat template; it continues text.")
    }
    await roost.shutdown()
} catch {
    print("\(error)")
    exit(1)
}
