import CLlama
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The LoRA adapters that were loaded with a model. Lives on the engine's thread.
final class AdapterSet {
    /// What requests call the adapters, in the order of the files.
    let names: [String]
    /// Keeps the weights that the adapters change.
    private let model: ModelHandle
    private let adapters: [OpaquePointer]

    /// Loads adapters from their files.
    ///
    /// - Throws: `InferenceError.fileMissing`, `.loadFailed` for one that does not fit the model, `.invalidOption` for
    ///   names that are empty or not unique.
    convenience init(files: [ModelFileSet.Adapter], model: ModelHandle) throws {
        try self.init(files.map { ($0.name, .path($0.file.path)) }, model: model)
    }

    /// Loads adapters from open files, which stay open: a process that cannot open any uses this. `path` is what
    /// messages call the file.
    ///
    /// - Throws: as `init(files:model:)`.
    convenience init(descriptors: [(name: String, path: String, descriptor: Int32)], model: ModelHandle) throws {
        try self.init(descriptors.map { ($0.name, .descriptor($0.descriptor, path: $0.path)) }, model: model)
    }

    private enum Source {
        case path(String)
        case descriptor(Int32, path: String)

        var path: String {
            switch self {
            case .path(let path), .descriptor(_, let path): path
            }
        }

        /// The file from its beginning, for reading.
        func open() -> UnsafeMutablePointer<FILE>? {
            switch self {
            case .path(let path): return fopen(path, "rb")
            case .descriptor(let descriptor, _):
                let own = dup(descriptor)
                guard own >= 0 else { return nil }
                guard let file = fdopen(own, "rb") else {
                    close(own)
                    return nil
                }
                rewind(file)
                return file
            }
        }
    }

    private init(_ sources: [(name: String, source: Source)], model: ModelHandle) throws {
        var names = Set<String>()
        for (name, _) in sources where name.isEmpty || !names.insert(name).inserted {
            throw InferenceError.invalidOption(
                name: "adapter name", value: "“\(name)”", rule: "a name that no other adapter of the model has")
        }
        var adapters: [OpaquePointer] = []
        do {
            for (name, source) in sources { adapters.append(try Self.load(name, source, model)) }
        } catch {
            for adapter in adapters { llama_adapter_lora_free(adapter) }
            throw error
        }
        self.names = sources.map(\.name)
        self.model = model
        self.adapters = adapters
    }

    deinit {
        for adapter in adapters { llama_adapter_lora_free(adapter) }
    }

    private static func load(_ name: String, _ source: Source, _ model: ModelHandle) throws -> OpaquePointer {
        guard let file = source.open() else {
            let code = errno
            if code == ENOENT { throw InferenceError.fileMissing(path: source.path) }
            throw InferenceError.fileUnreadable(path: source.path, reason: String(cString: strerror(code)))
        }
        defer { fclose(file) }
        _ = Engine.takeComplaint()
        guard let adapter = llama_adapter_lora_init_from_file_ptr(model.pointer, file) else {
            let complaint = Engine.takeComplaint() ?? "the engine gave no reason"
            // "function: what failed: cause"; the function and what failed are said by us.
            let cause = complaint.components(separatedBy: "lora adapter: ").last ?? complaint
            throw InferenceError.loadFailed(
                path: source.path, reason: "as the LoRA adapter “\(name)” of this model: \(cause)")
        }
        // Activated LoRA starts within a prompt, at its invocation tokens; applied from the start it would be wrong.
        guard llama_adapter_get_alora_n_invocation_tokens(adapter) == 0 else {
            llama_adapter_lora_free(adapter)
            throw InferenceError.loadFailed(
                path: source.path,
                reason: "the LoRA adapter “\(name)” is one that a text sets off (aLoRA), which is not supported")
        }
        return adapter
    }

    /// The scale of each adapter that a request means, in the order of `names`: what it says, 0 for the ones that it
    /// does not name, 1 for all when it says nothing.
    ///
    /// - Throws: `InferenceError.unknownAdapter`, `.invalidOption` for a scale that is not a number.
    func scales(_ requested: [String: Float]?) throws -> [Float] {
        guard let requested else { return names.map { _ in 1 } }
        try Self.check(requested, known: names)
        return try names.map { name in
            let scale = requested[name] ?? 0
            guard scale.isFinite else {
                throw InferenceError.invalidOption(
                    name: "scale of the adapter “\(name)”", value: "\(scale)", rule: "a finite number")
            }
            return scale
        }
    }

    /// Throws `InferenceError.unknownAdapter` for the first name that is not `known`.
    static func check(_ requested: [String: Float]?, known: [String]) throws {
        if let unknown = requested?.keys.sorted().first(where: { !known.contains($0) }) {
            throw InferenceError.unknownAdapter(name: unknown, known: known)
        }
    }

    /// Makes what `context` computes from now on go through the adapters by these scales; the engine does nothing when it
    /// does already. What is in its KV cache was computed with the scales of then.
    ///
    /// - Throws: as `scales`; `InferenceError.decodeFailed` when the engine refuses.
    func apply(_ requested: [String: Float]?, to context: OpaquePointer) throws {
        var scales = try scales(requested)
        guard !scales.isEmpty else { return }
        var adapters = adapters.map(Optional.some)
        guard llama_set_adapters_lora(context, &adapters, adapters.count, &scales) == 0 else {
            throw InferenceError.decodeFailed(code: -1, reason: "the LoRA adapters could not be applied")
        }
    }
}
