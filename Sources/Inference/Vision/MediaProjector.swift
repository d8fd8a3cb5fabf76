import CLlama
import Foundation
import LlamaBridge

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What makes a model see: the vision encoder and projector of an mmproj file.
final class MediaProjector: PromptMedia, @unchecked Sendable {  // why sound: only `decode` writes, on one thread
    private let pointer: OpaquePointer
    /// Keeps the weights that it was loaded for.
    private let model: ModelHandle
    /// Bytes of its weights, which are in memory whole.
    let byteCount: Int64
    /// Whether a picture has to fit in one micro-batch.
    let needsWholePictures: Bool

    /// What stands for a picture in a prompt. It differs in each process, so that no text can pretend to be one.
    static let marker: String = {
        var generator = SystemRandomNumberGenerator()
        return "<__picture_\(String(UInt64.random(in: .min ... .max, using: &generator), radix: 36))__>"
    }()

    var marker: String { Self.marker }

    /// What a picture may have: a photograph of 40 megapixels takes 120 MB once it is decoded.
    private static let limits = roost_picture_limits(
        byte_count: 32 << 20, side: 8192, pixel_count: 40 << 20, total_pixels: 80 << 20)

    /// Loads a projector. `/proc/self/fd/N` is a path too.
    ///
    /// - Throws: `InferenceError.fileMissing`, `.fileUnreadable`, `.outOfMemory`, `.loadFailed` when it is not a
    ///   projector that sees or not one for this model.
    init(file: URL, model: ModelHandle, options: LoadOptions) throws {
        let path = file.path
        byteCount = try Self.checkRoom(path)
        _ = Engine.takeComplaint()
        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        let pointer = Self.marker.withCString { marker in
            var settings = roost_projector_settings()
            settings.marker = marker
            settings.thread_count = Int32(
                clamping: options.batchThreadCount ?? options.threadCount ?? HostFacts.computeThreadCount)
            settings.uses_gpu = options.usesGraphics
            settings.flash_attention = options.flashAttention.engineType.rawValue
            return roost_projector_create(path, model.pointer, &settings, &error)
        }
        guard let pointer else {
            let reason = error.map { String(cString: $0) } ?? Engine.takeComplaint() ?? "the engine gave no reason"
            throw InferenceError.loadFailed(path: path, reason: "as the projector (mmproj) of this model: \(reason)")
        }
        self.pointer = pointer
        self.model = model
        needsWholePictures = roost_projector_is_bidirectional(pointer)
    }

    deinit { roost_projector_free(pointer) }

    /// `prompt` as tokens and pictures; where `marker` stands in it, the next of `images` goes.
    ///
    /// - Throws: `InferenceError.unreadableImage`, `.templateFailed` when the prompt has not as many markers as there
    ///   are images, `.decodeFailed`.
    func pieces(of prompt: String, images: [Data], addSpecial: Bool) throws -> [PromptPiece] {
        var error: UnsafeMutablePointer<CChar>?
        var result: OpaquePointer?
        defer {
            roost_free(error)
            if let result { roost_media_prompt_free(result) }
        }
        var limits = Self.limits
        var prompt = prompt
        let pictures = images.flatMap { [UInt8]($0) }
        let lengths = images.map(\.count)
        let status = prompt.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) {
                roost_media_prompt_create(
                    pointer, $0.baseAddress, $0.count, addSpecial, pictures, lengths, lengths.count, &limits, &result,
                    &error)
            }
        }
        let reason = error.map { String(cString: $0) } ?? Engine.takeComplaint() ?? "the engine gave no reason"
        switch status {
        case ROOST_MEDIA_OK: break
        case ROOST_MEDIA_UNREADABLE: throw InferenceError.unreadableImage(reason: reason)
        case ROOST_MEDIA_MARKERS:
            throw InferenceError.templateFailed(
                reason: "the prompt has not as many places for pictures as there are pictures (\(images.count))")
        default: throw InferenceError.decodeFailed(code: -1, reason: reason)
        }
        guard let result else { throw InferenceError.decodeFailed(code: -1, reason: reason) }
        return try (0..<roost_media_prompt_count(result)).map { index in
            var count = 0
            if let tokens = roost_media_prompt_tokens(result, index, &count) {
                return .tokens(Array(UnsafeBufferPointer(start: tokens, count: count)))
            }
            guard let chunk = roost_media_prompt_chunk(result, index) else {
                throw InferenceError.decodeFailed(code: -1, reason: "there is no memory for a picture")
            }
            return .media(Picture(chunk, of: self))
        }
    }

    /// Computes `chunk` into a sequence of `context`. On the engine's thread.
    ///
    /// - Throws: `InferenceError.unreadableImage` for one that is too large for the batch, `.decodeFailed`.
    func decode(
        _ chunk: OpaquePointer, into context: OpaquePointer, sequence: Int32, position: Int32, batchSize: Int32
    ) throws {
        let code = roost_media_decode(pointer, context, chunk, sequence, position, batchSize)
        switch code {
        case 0: return
        case 1000:
            throw InferenceError.unreadableImage(
                reason: "it takes \(roost_media_chunk_cell_count(chunk)) tokens, which must be computed at once, and "
                    + "the micro-batch has \(min(Int(batchSize), Int(llama_n_ubatch(context))))")
        default:
            throw InferenceError.decodeFailed(
                code: Int(code), reason: Engine.takeComplaint() ?? "the picture could not be computed")
        }
    }

    /// The bytes of the file, which is read into memory whole. It is opened and asked for its size, which a process that
    /// may do little else may do.
    private static func checkRoom(_ path: String) throws -> Int64 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT { throw InferenceError.fileMissing(path: path) }
            throw InferenceError.fileUnreadable(path: path, reason: String(cString: strerror(code)))
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw InferenceError.fileUnreadable(path: path, reason: "it is not a regular file")
        }
        if let available = HostFacts.availableByteCount, Int64(facts.st_size) > available {
            throw InferenceError.outOfMemory(
                neededByteCount: Int64(facts.st_size), availableByteCount: available, what: "The projector \(path)")
        }
        return Int64(facts.st_size)
    }
}
