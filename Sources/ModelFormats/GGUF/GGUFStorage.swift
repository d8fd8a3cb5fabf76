/// Bytes that do not change and live as long as someone refers to them: a memory map or a copy of a header.
///
/// Metadata and arrays point into it, so that nothing is decoded before it is asked for.
final class GGUFStorage: @unchecked Sendable {  // why sound: the bytes are written before init returns, never after
    let bytes: UnsafeRawBufferPointer
    private let release: @Sendable (UnsafeRawBufferPointer) -> Void

    static let empty = GGUFStorage(copying: UnsafeRawBufferPointer(start: nil, count: 0))

    /// Takes over `bytes`; `release` gives them back when the last reference goes.
    init(owning bytes: UnsafeRawBufferPointer, release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.bytes = bytes
        self.release = release
    }

    /// Copies `source`.
    convenience init(copying source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
        copy.copyMemory(from: source)
        self.init(owning: UnsafeRawBufferPointer(copy)) { $0.deallocate() }
    }

    deinit { release(bytes) }
}
