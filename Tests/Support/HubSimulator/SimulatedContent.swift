import Foundation
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a simulated file holds: bytes in memory, or a file of the disk, which is sent without being read here.
public enum SimulatedContent: Sendable {
    /// Bytes.
    case bytes([UInt8])
    /// A file of the disk and its size.
    case file(path: String, byteCount: Int64)

    /// The size.
    public var byteCount: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let byteCount): byteCount
        }
    }

    /// A file of the disk with its SHA-256. Reads it whole; blocks.
    public static func file(at path: String) throws -> (content: SimulatedContent, digest: Digest) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SimulatorError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SimulatorError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        let digest = try Digest.ofFile(descriptor: descriptor)
        return (.file(path: path, byteCount: Int64(status.st_size)), digest)
    }
}

/// What the simulator cannot serve.
public enum SimulatorError: Error, CustomStringConvertible {
    /// A file or folder that cannot be read; the system's words.
    case unreadable(path: String, reason: String)
    /// A setting that cannot be used.
    case invalid(setting: String, value: String, rule: String)

    /// One sentence.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "“\(path)” cannot be served: \(reason)."
        case .invalid(let setting, let value, let rule): "\(setting) is “\(value)”, and \(rule)."
        }
    }
}
