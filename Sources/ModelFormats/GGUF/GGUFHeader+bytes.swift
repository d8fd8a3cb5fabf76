public import Foundation

extension GGUFHeader {
    /// The header as its file stores it, from the first byte to the last of the list of tensors: ``byteCount`` bytes.
    /// They are shared with the header, not copied.
    public var bytes: Data {
        let storage = metadata.storage
        guard let start = storage.bytes.baseAddress else { return Data() }
        return Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: byteCount,
            deallocator: .custom { _, _ in withExtendedLifetime(storage) {} })
    }

    /// The size in bytes of a file that has this header: to the end of the last tensor's data, padding left out.
    public var fileByteCount: UInt64 {
        guard let last = tensors.last else { return UInt64(byteCount) }
        let (end, overflow) = last.offset.addingReportingOverflow(last.byteCount)
        let (size, tooLarge) = dataOffset.addingReportingOverflow(end)
        return overflow || tooLarge ? .max : size
    }
}
