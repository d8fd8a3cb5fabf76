import Foundation
import ModelFixtures
import ModelFormats

@testable import ModelStore

extension StoreFixture {
    /// Writes a model with a tensor of zeros, so that reading it takes more than one piece.
    func paddedModel(_ fileName: String = "padded.gguf", paddingByteCount: UInt64) throws -> URL {
        let url = folder.appendingPathComponent(fileName)
        let model = TinyModel.llama(seed: 3)
        var writer = try model.writer()
        try writer.addTensor("padding.weight", dimensions: [paddingByteCount / 4], type: .f32)
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        try writer.write(to: url) { tensor, sink in
            var rest = Int(tensor.byteCount)
            while rest > 0 {
                let count = min(rest, zeros.count)
                try zeros.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                rest -= count
            }
        }
        return url
    }

    /// Writes the header of a model whose tensor of zeros is a hole in the file: any size, no room taken.
    func sparseModel(_ fileName: String = "sparse.gguf", paddingByteCount: UInt64) throws -> URL {
        let url = folder.appendingPathComponent(fileName)
        var writer = try TinyModel.llama(seed: 4).writer()
        try writer.addTensor("padding.weight", dimensions: [1 << 20, paddingByteCount >> 22], type: .f32)
        let header = writer.headerBytes()
        try Data(header).write(to: url)
        let file = try FileHandle(forWritingTo: url)
        defer { try? file.close() }
        let last = writer.tensors.map { $0.offset + $0.byteCount }.max() ?? 0
        let start = (UInt64(header.count) + 31) / 32 * 32
        try file.truncate(atOffset: start + last)
        return url
    }
}
