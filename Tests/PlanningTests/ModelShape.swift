import Foundation
import Inference
import ModelFormats

/// A model's shape as a text file says it: the metadata and tensors of a real model, without its weights.
///
/// Lines are `text|int|ints|float|flag KEY VALUE…`, `tensor NAME TYPE DIMENSIONS…` and
/// `layers FIRST-LAST,… NAME TYPE DIMENSIONS…`.
struct ModelShape: Sendable, CustomStringConvertible {
    let name: String
    let header: GGUFHeader
    let bytes: Data
    let fileByteCount: Int64

    var description: String { name }
    var file: ModelHeaderFile { ModelHeaderFile(bytes: bytes, fileByteCount: fileByteCount) }

    enum Problem: Error { case noShape(String), badLine(String), badHeader }

    static let names = [
        "bge-large", "deepseek2-lite", "falcon-h1-7b", "gemma3-1b", "gemma3-27b", "gpt-oss-20b", "jamba-mini",
        "lfm2-1.2b",
        "llama-70b", "llama-8b", "llama2-7b", "mamba-2.8b", "mamba2-2.7b", "mixtral-8x7b", "qwen2-7b", "qwen3moe-30b",
    ]

    init(_ name: String) throws {
        guard let url = Bundle.module.url(forResource: name, withExtension: "shape", subdirectory: "Shapes") else {
            throw Problem.noShape(name)
        }
        self.name = name
        let writer = try Self.writer(String(contentsOf: url, encoding: .utf8))
        bytes = Data(writer.headerBytes())
        guard case .complete(let header) = try GGUFReader.header(from: bytes) else { throw Problem.badHeader }
        self.header = header
        let end = header.tensors.map { $0.offset + ($0.byteCount + 31) / 32 * 32 }.max() ?? 0
        fileByteCount = Int64(header.dataOffset + end)
    }

    private static func writer(_ text: String) throws -> GGUFWriter {
        var writer = try GGUFWriter()
        // Layer after layer, as in files.
        var tensors: [(layer: Int, name: String, type: String, dimensions: ArraySlice<String>)] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2 else { throw Problem.badLine(String(line)) }
            let rest = words.dropFirst(2)
            switch (words[0], words[2]) {
            case ("text", let value): writer.set(words[1], .string(value))
            case ("int", let value): writer.set(words[1], .uint32(UInt32(value) ?? 0))
            case ("float", let value): writer.set(words[1], .float32(Float(value) ?? 0))
            case ("flag", let value): writer.set(words[1], .bool(value == "true"))
            case ("ints", _): writer.set(words[1], .array(GGUFArray(rest.compactMap { Int32($0) })))
            case ("tensor", let type): tensors.append((-1, words[1], type, rest.dropFirst()))
            case ("layers", let name):
                guard words.count > 4 else { throw Problem.badLine(String(line)) }
                for layer in layers(words[1]) {
                    tensors.append((layer, "blk.\(layer).\(name)", words[3], rest.dropFirst(2)))
                }
            default: throw Problem.badLine(String(line))
            }
        }
        let order = tensors.indices.sorted { (tensors[$0].layer, $0) < (tensors[$1].layer, $1) }
        for tensor in order.map({ tensors[$0] }) { try add(tensor.name, tensor.type, tensor.dimensions, to: &writer) }
        return writer
    }

    private static func layers(_ text: String) -> [Int] {
        text.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last else { return [] }
            return Array(first...last)
        }
    }

    private static func add(
        _ name: String, _ type: String, _ dimensions: ArraySlice<String>, to writer: inout GGUFWriter
    ) throws {
        guard let type = GGMLType.allCases.first(where: { $0.name == type }) else { throw Problem.badLine(type) }
        try writer.addTensor(name, dimensions: dimensions.compactMap { UInt64($0) }, type: type)
    }
}

/// A file as long as the model's, with nothing after the header, that goes with this object.
final class SparseModelFile: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).gguf")

    convenience init(_ shape: ModelShape) throws { try self.init(shape.file) }

    init(_ file: ModelHeaderFile) throws {
        try file.bytes.write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: UInt64(file.fileByteCount))
        try handle.close()
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
