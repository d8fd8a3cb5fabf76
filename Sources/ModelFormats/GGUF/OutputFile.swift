#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file being written, through a buffer.
final class OutputFile {
    private let path: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferByteCount = 1 << 20

    init(path: String) throws(GGUFError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, operation: "create", errno: errno) }
    }

    deinit { closeDescriptor() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(GGUFError) {
        if buffer.count + bytes.count > Self.bufferByteCount { try flush() }
        if bytes.count >= Self.bufferByteCount {
            try put(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Writes what is buffered and closes the file.
    func finish() throws(GGUFError) {
        try flush()
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0 else { throw .unwritable(path: path, operation: "finish", errno: errno) }
    }

    /// Closes and removes the file.
    func discard() {
        closeDescriptor()
        unlink(path)
    }

    private func closeDescriptor() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func flush() throws(GGUFError) {
        let pending = buffer
        buffer.removeAll(keepingCapacity: true)
        var failure: GGUFError?
        pending.withUnsafeBytes { bytes in
            do throws(GGUFError) { try put(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(GGUFError) {
        var rest = bytes
        while !rest.isEmpty {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, rest.baseAddress, rest.count)
            #else
                let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .unwritable(path: path, operation: "write", errno: errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
