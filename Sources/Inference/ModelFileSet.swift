public import Foundation

/// The files that a model is loaded from.
public struct ModelFileSet: Sendable, Hashable {
    /// The GGUF files of the weights: one, or all parts in order, whatever they are called.
    public var weights: [URL]
    /// A Jinja chat template that is used in the place of the one in the weights; `nil` takes theirs.
    public var chatTemplate: String?

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
