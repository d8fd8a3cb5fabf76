public import Foundation

/// The files that a model is loaded from.
public struct ModelFileSet: Sendable, Hashable, Codable {
    /// The GGUF files of the weights: one, or all parts in order, whatever they are called.
    public var weights: [URL]
    /// A Jinja chat template that is used in the place of the one in the weights; `nil` takes theirs.
    public var chatTemplate: String?

    /// The GGUF file of the projector that makes a model see; `nil` is none.
    public var projector: URL?
    /// The GGUF file of a small model of the same vocabulary that proposes tokens; `nil` is none.
    public var draft: URL?
    /// LoRA adapters, which requests scale by name.
    public var adapters: [Adapter] = []

    /// A LoRA adapter.
    public struct Adapter: Sendable, Hashable, Codable {
        /// What requests call it.
        public var name: String
        /// Its GGUF file.
        public var file: URL

        /// An adapter in a file.
        public init(name: String, file: URL) {
            self.name = name
            self.file = file
        }
    }

    /// A model in one file, or in parts.
    public init(weights: [URL], chatTemplate: String? = nil) {
        self.weights = weights
        self.chatTemplate = chatTemplate
    }

    /// A model in one file.
    public init(_ file: URL) { self.init(weights: [file]) }

    var paths: [String] { weights.map(\.path) }
    /// What messages name: the file, or the first part.
    var path: String { weights.first?.path ?? "" }
}

extension [String] {
    /// The texts as C strings for the time of a call.
    func withCStrings<Result>(_ body: (inout [UnsafePointer<CChar>?]) throws -> Result) rethrows -> Result {
        let copies = map { Array<CChar>($0.utf8CString) }
        func pass(
            _ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?]
        ) throws -> Result {
            guard let next = rest.first else {
                var pointers = pointers
                return try body(&pointers)
            }
            return try next.withUnsafeBufferPointer { try pass(rest.dropFirst(), pointers + [$0.baseAddress]) }
        }
        return try pass(copies[...], [])
    }
}
