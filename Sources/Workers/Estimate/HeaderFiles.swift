import CSandbox
import Foundation
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Files that begin with headers and are as long as the models', with holes where the weights would be. They have no
/// names.
final class HeaderFiles: Sendable {
    /// In the order of ``ModelHeaderSet/all``.
    let descriptors: ModelDescriptors

    /// - Throws: `InferenceError.estimateFailed`.
    init(_ headers: ModelHeaderSet, name: String) throws {
        var opened: [Int32] = []
        do {
            guard !headers.weights.isEmpty else { throw Self.failure(name, "it has no files") }
            guard headers.all.count <= WorkerProtocol.fileLimit else {
                throw Self.failure(name, "it has more than \(WorkerProtocol.fileLimit) files")
            }
            for header in headers.all { try opened.append(Self.open(header, name)) }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        var files = ModelFileSet(weights: headers.weights.map { _ in Self.nowhere })
        files.projector = headers.projector.map { _ in Self.nowhere }
        files.draft = headers.draft.map { _ in Self.nowhere }
        var rest = opened[...]
        descriptors = ModelDescriptors(files) { _ in rest.removeFirst() }
    }

    deinit { for descriptor in descriptors.all { close(descriptor) } }

    private static let nowhere = URL(fileURLWithPath: "/dev/null")

    private static func open(_ header: ModelHeaderFile, _ name: String) throws -> Int32 {
        guard header.fileByteCount >= Int64(header.bytes.count), header.fileByteCount < 1 << 50 else {
            throw failure(
                name, "a file of \(header.fileByteCount) bytes cannot begin with a header of \(header.bytes.count)")
        }
        let descriptor = roost_nameless_file()
        guard descriptor >= 0 else { throw failure(name, systemReason(-descriptor)) }
        var written = 0
        while written < header.bytes.count {
            let count = header.bytes.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { close(descriptor) }
                throw failure(name, systemReason(errno))
            }
            written += count
        }
        guard ftruncate(descriptor, off_t(header.fileByteCount)) == 0 else {
            defer { close(descriptor) }
            throw failure(name, systemReason(errno))
        }
        // Whoever reads it could fill its holes else, with memory that is not counted as its own.
        let failed = roost_seal_file(descriptor)
        guard failed == 0 else {
            defer { close(descriptor) }
            throw failure(name, systemReason(failed))
        }
        return descriptor
    }

    private static func systemReason(_ number: Int32) -> String {
        "a file for its header could not be made (\(String(cString: strerror(number))))"
    }

    private static func failure(_ name: String, _ reason: String) -> InferenceError {
        .estimateFailed(model: name, reason: reason)
    }
}
