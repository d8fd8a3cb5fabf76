import Foundation
import ModelFixtures
import ModelFormats
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Opening GGUF files")
struct GGUFFileAccessTests {
    @Test("A file that is not there, or is a folder or a pipe, is refused at once")
    func notAFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = folder.appending(path: "missing.gguf")
        #expect(throws: GGUFError.unreadable(path: missing.path, operation: "open", errno: ENOENT)) {
            try GGUFReader.open(missing)
        }
        #expect(throws: GGUFError.notRegularFile(path: folder.path)) { try GGUFReader.open(folder) }
        let pipe = folder.appending(path: "pipe")
        try #require(mkfifo(pipe.path, 0o600) == 0)
        #expect(throws: GGUFError.notRegularFile(path: pipe.path)) { try GGUFReader.open(pipe) }
    }

    @Test("A symbolic link is followed unless that is not wanted")
    func symbolicLink() throws {
        let file = try TemporaryFile(SmallModel.bytes())
        let link = file.url.appendingPathExtension("link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file.url)
        defer { try? FileManager.default.removeItem(at: link) }
        #expect(try GGUFReader.open(link).header.tensors.count == 3)
        #expect(throws: GGUFError.unreadable(path: link.path, operation: "open", errno: ELOOP)) {
            try GGUFReader.open(link, followingSymbolicLinks: false)
        }
    }

    @Test("Values can be read after the file is gone", arguments: [true, false])
    func valuesOutliveFile(mapped: Bool) throws {
        var file: TemporaryFile? = try TemporaryFile(TinyModel.llama().bytes())
        let url = try #require(file?.url)
        let header = try GGUFReader.open(url, access: mapped ? .memoryMapped : .copied).header
        file = nil
        #expect(!FileManager.default.fileExists(atPath: url.path))
        #expect(header.metadata.array("tokenizer.ggml.tokens")?.strings.first == "<unk>")
    }

    @Test("A header of many megabytes is read in either way")
    func longHeader() throws {
        var model = TinyModel.llama()
        model["extra"] = .array(GGUFArray((0..<700_000).map { Int64($0) }))
        let file = try TemporaryFile(model.bytes())
        for access in [GGUFReader.Access.memoryMapped, .copied] {
            let header = try GGUFReader.open(file.url, access: access).header
            #expect(header.byteCount > 5 << 20)
            #expect(header.metadata.array("extra")?[699_999] == .int64(699_999))
        }
    }

    @Test("A file that is mostly a hole cannot make the validator read gigabytes")
    func sparseFile() throws {
        let half = RawGGUF.array("a", element: 10, count: 8 << 20, value: [])
        let file = try TemporaryFile(RawGGUF(entryCount: 2, entries: [half], dataByteCount: nil).bytes)
        let start = UInt64(24 + half.count + (64 << 20))
        let handle = try FileHandle(forWritingTo: file.url)
        try handle.seek(toOffset: start)
        try handle.write(contentsOf: RawGGUF.array("b", element: 10, count: 9 << 20, value: []))
        try handle.truncate(atOffset: 1 << 40)
        try handle.close()
        let needed = start + 9 + 4 + 12 + (72 << 20)
        #expect(throws: GGUFError.headerTooLarge(byteCount: needed, limit: 128 << 20)) {
            try GGUFValidator().validate(file.url)
        }
    }
}
