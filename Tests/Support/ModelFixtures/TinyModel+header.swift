public import Foundation
import ModelFormats

extension TinyModel {
    /// The file's beginning, without the weights, and how long the whole file would be.
    ///
    /// - Throws: `GGUFError`.
    public func header() throws -> (bytes: Data, fileByteCount: Int64) {
        let writer = try writer()
        let bytes = writer.headerBytes()
        let alignment = UInt64(writer.alignment)
        let end = writer.tensors.map { $0.offset + ($0.byteCount + alignment - 1) / alignment * alignment }.max() ?? 0
        return (Data(bytes), Int64(bytes.count) + Int64(end))
    }
}
