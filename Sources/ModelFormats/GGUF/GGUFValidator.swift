import Foundation

/// Decides whether a GGUF file may be given to the engine: every claim of its header fits the file, and the metadata
/// means something that the engine can use. The engine itself ends its process on much of what is refused here.
///
/// Takes milliseconds and memory in proportion to the header, whatever the file claims. It does not read the weights.
public struct GGUFValidator: Sendable {
    /// Whether a file without tensors (a vocabulary) is refused.
    public let requiresTensors: Bool

    /// - Parameter requiresTensors: `false` lets vocabulary files pass.
    public init(requiresTensors: Bool = true) { self.requiresTensors = requiresTensors }

    /// Reads and checks a file. The header is copied, so that a file that changes meanwhile does no harm.
    ///
    /// - Returns: The file, whose header is the one that was checked.
    /// - Throws: `GGUFError`, the first rule that the file breaks.
    @discardableResult
    public func validate(_ url: URL, followingSymbolicLinks: Bool = true) throws -> GGUFFile {
        let file = try GGUFReader.open(url, access: .copied, followingSymbolicLinks: followingSymbolicLinks)
        try validate(file.header, fileByteCount: file.fileByteCount)
        return file
    }

    /// Checks a header that was read.
    ///
    /// - Parameters:
    ///   - header: The header.
    ///   - fileByteCount: The size of the whole file in bytes.
    /// - Throws: `GGUFError`, the first rule that the file breaks.
    public func validate(_ header: GGUFHeader, fileByteCount: UInt64) throws {
        guard GGUFLimits.alignment.contains(header.alignment) else {
            throw GGUFError.alignmentOutOfRange(header.alignment, allowed: GGUFLimits.alignment)
        }
        // A split model may have a first part without tensors (gguf-split --no-tensor-first-split).
        if requiresTensors && header.tensors.isEmpty && GGUFSplitSet.part(of: header) == nil {
            throw GGUFError.noTensors
        }
        try GGUFLayoutCheck(header: header, fileByteCount: fileByteCount).run()

        let metadata = GGUFTypedMetadata(header.metadata)
        let isLaterPart = try GGUFSplitCheck(metadata: metadata, tensorCount: header.tensors.count).run()
        // The parts of a split model after the first carry tensors only.
        if isLaterPart && metadata.type(of: "general.architecture") == nil { return }

        let architecture = try metadata.requiredString("general.architecture")
        guard GGUFArchitectures.known.contains(architecture) else {
            throw GGUFError.unknownArchitecture(architecture)
        }
        let kind = try metadata.string("general.type") ?? "model"
        if architecture == GGUFArchitectures.projector || kind == "adapter" { return }
        try GGUFHyperparameterCheck(metadata: metadata, architecture: architecture).run()
        try GGUFVocabularyCheck(metadata: metadata, architecture: architecture, tensors: header.tensors).run()
        try checkChatTemplates(metadata)
    }

    private func checkChatTemplates(_ metadata: GGUFTypedMetadata) throws(GGUFError) {
        let prefix = "tokenizer.chat_template"
        for key in metadata.keys where key == prefix || key.hasPrefix(prefix + ".") {
            guard let text = try metadata.string(key) else { continue }
            guard text.utf8.count <= GGUFLimits.chatTemplateByteCount else {
                throw .chatTemplateTooLong(
                    key: key, byteCount: text.utf8.count, limit: GGUFLimits.chatTemplateByteCount)
            }
        }
    }
}
