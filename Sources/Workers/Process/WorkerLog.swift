import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a worker writes to its standard error, line by line, in a file that does not grow without end. Used from one
/// thread.
final class WorkerLog {
    /// A log larger than this becomes the old one, in the place of the one before it.
    static let byteLimit = 1 << 20
    private static let lineLimit = 2000

    private let file: URL?
    private let restore: (String) -> String
    private var pending: [UInt8] = []
    private var descriptor: Int32 = -1
    private var byteCount = 0
    /// The last whole line.
    private(set) var lastLine = ""

    /// - Parameters:
    ///   - file: `nil` keeps the last line only.
    ///   - restore: changes lines before they are kept.
    init(file: URL?, restore: @escaping (String) -> String) {
        self.file = file
        self.restore = restore
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Takes what the pipe has now; false when its writer is gone.
    func take(from pipe: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { space in
            while true {
                let count = read(pipe, space.baseAddress, space.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 && errno == EAGAIN }
                add(space[..<count])
            }
        }
    }

    /// Writes a line of the parent's own.
    func note(_ line: String) { write(line) }

    private func add(_ bytes: Slice<UnsafeMutableRawBufferPointer>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                flush()
            } else if pending.count < Self.lineLimit {
                pending.append(byte)
            }
        }
    }

    private func flush() {
        defer { pending.removeAll(keepingCapacity: true) }
        let line = String(decoding: pending, as: UTF8.self)
        // The engine draws its progress with single dots.
        guard line.contains(where: { $0 != "." && $0 != " " }) else { return }
        lastLine = restore(line)
        write(lastLine)
    }

    private func write(_ line: String) {
        guard let file else { return }
        if descriptor < 0 || byteCount > Self.byteLimit { open(file, rotating: descriptor >= 0) }
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let text = "\(time) \(line.escapingControls)\n"
        byteCount += text.utf8.count
        text.withCString { bytes in
            #if canImport(Darwin)
                _ = Darwin.write(descriptor, bytes, strlen(bytes))
            #elseif canImport(Glibc)
                _ = Glibc.write(descriptor, bytes, strlen(bytes))
            #else
                _ = Musl.write(descriptor, bytes, strlen(bytes))
            #endif
        }
    }

    private func open(_ file: URL, rotating: Bool) {
        if descriptor >= 0 { close(descriptor) }
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var status = stat()
        if lstat(file.path, &status) == 0, Int(status.st_size) > Self.byteLimit {
            rename(file.path, WorkerLogFile.older(file).path)
        }
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        #if canImport(Darwin)
            descriptor = Darwin.open(file.path, flags, 0o600)
        #elseif canImport(Glibc)
            descriptor = Glibc.open(file.path, flags, 0o600)
        #else
            descriptor = Musl.open(file.path, flags, 0o600)
        #endif
        byteCount = descriptor >= 0 && fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }
}

extension String {
    /// Control characters as `\u{…}`, so that a line stays a line, and harmless on a terminal.
    fileprivate var escapingControls: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
