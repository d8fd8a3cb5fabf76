import CLlama
import Foundation
import LlamaBridge
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Loads weights from their files. Runs on the engine's thread.
struct ModelLoader: Sendable {
    let files: ModelFileSet
    /// Where the weights' bytes are.
    var source = ModelSource.paths
    let options: LoadOptions
    let vocabularyOnly: Bool
    let progress: (@Sendable (Double) -> Void)?
    let isCancelled: CancellationFlag

    /// What messages name.
    var path: String { files.path }

    /// Throws `InferenceError`, or `CancellationError` when loading was cancelled.
    func load() throws -> ModelHandle {
        try options.validate()
        if files.weights.isEmpty { throw InferenceError.fileMissing(path: path) }
        switch source {
        case .paths: for path in files.paths { try checkFile(path) }
        case .descriptors(let descriptors):
            for (descriptor, path) in zip(descriptors, files.paths) { try checkFile(descriptor, path) }
        }
        Engine.start()
        _ = Engine.takeComplaint()
        let report = Report(progress: progress, isCancelled: isCancelled)
        let pointer = try options.withModelParameters { parameters in
            parameters.vocab_only = vocabularyOnly
            parameters.progress_callback = { fraction, data in
                data.map { Unmanaged<Report>.fromOpaque($0).takeUnretainedValue().proceed(Double(fraction)) } ?? true
            }
            return withExtendedLifetime(report) {
                parameters.progress_callback_user_data = Unmanaged.passUnretained(report).toOpaque()
                return load(parameters)
            }
        }
        guard let model = ModelHandle(pointer) else {
            if isCancelled.isSet { throw CancellationError() }
            throw failure(Engine.takeComplaint() ?? "the engine gave no reason")
        }
        return model
    }

    private func load(_ parameters: llama_model_params) -> OpaquePointer? {
        var parameters = parameters
        switch source {
        case .paths:
            // By their list: a store's files do not have the names that the engine would look for.
            return files.paths.withCStrings { llama_model_load_from_splits(&$0, $0.count, parameters) }
        case .descriptors(let descriptors):
            if descriptors.count == 1 { return roost_model_load_descriptor(descriptors[0], &parameters) }
            return descriptors.map(ModelSource.path).withCStrings {
                llama_model_load_from_splits(&$0, $0.count, parameters)
            }
        }
    }

    private func failure(_ complaint: String) -> InferenceError {
        let mark = "unknown model architecture: '"
        if let found = complaint.range(of: mark) {
            let architecture = complaint[found.upperBound...].prefix { $0 != "'" }
            return .unsupportedArchitecture(path: path, architecture: String(architecture))
        }
        // "function: cause", of which the function says nothing to the user.
        let cause = complaint.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? complaint
        return .loadFailed(path: path, reason: cause)
    }

    private func checkFile(_ descriptor: Int32, _ path: String) throws {
        var magic = [UInt8](repeating: 0, count: 4)
        let count = pread(descriptor, &magic, magic.count, 0)
        guard count >= 0 else {
            throw InferenceError.fileUnreadable(path: path, reason: String(cString: strerror(errno)))
        }
        try checkMagic(Data(magic[..<count]), path)
    }

    private func checkFile(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw InferenceError.fileMissing(path: path)
        }
        if isFolder.boolValue { throw InferenceError.fileUnreadable(path: path, reason: "it is a folder") }
        let magic: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            magic = try file.read(upToCount: 4) ?? Data()
        } catch {
            throw InferenceError.fileUnreadable(path: path, reason: error.localizedDescription)
        }
        try checkMagic(magic, path)
    }

    private func checkMagic(_ magic: Data, _ path: String) throws {
        guard magic == Data("GGUF".utf8) else {
            let found = magic.isEmpty ? "nothing" : magic.map { String(format: "%02x", $0) }.joined(separator: " ")
            throw InferenceError.notGGUF(path: path, found: found)
        }
    }

    private final class Report {
        let progress: (@Sendable (Double) -> Void)?
        let isCancelled: CancellationFlag

        init(progress: (@Sendable (Double) -> Void)?, isCancelled: CancellationFlag) {
            self.progress = progress
            self.isCancelled = isCancelled
        }

        func proceed(_ fraction: Double) -> Bool {
            progress?(min(max(fraction, 0), 1))
            return !isCancelled.isSet
        }
    }
}

/// Set once, from any thread.
final class CancellationFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
