import Foundation

/// What `make test` provides; a test that needs a part is enabled only when it is there.
enum TestEnvironment {
    /// Gemma 3 270M.
    static let model = url("ROOST_TEST_MODEL")
    /// all-MiniLM-L6-v2; beside it lie sentences.txt and reference.f32.
    static let embeddingModel = url("ROOST_TEST_EMBEDDING_MODEL")
    /// The folder of llama.cpp's own tools, built from the same source with the same flags.
    static let tools = url("ROOST_ENGINE_TOOLS")
    /// The folder that holds the engine's `models` with their tokenizer vectors.
    static let source = url("ROOST_ENGINE_SOURCE")

    private static func url(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
}
