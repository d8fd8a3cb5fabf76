import Foundation
import HubSimulator
import ModelFixtures
import Synchronization
import Testing

@testable import Roost

@Suite("The header of a model that is not downloaded")
struct HeaderTests {
    /// A folder for large files with holes, removed with this object.
    private final class Folder: Sendable {
        let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "roost-headers-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        /// A file of the hub; nobody hashes gigabytes of holes, so its digest stands for nothing.
        func write(_ model: HollowModel, _ name: String) throws -> SimulatedFile {
            let file = url.appending(path: name)
            try model.write(to: file)
            return SimulatedFile(
                name, .file(path: file.path, byteCount: model.byteCount),
                digest: Digest.of([UInt8]((name + url.path).utf8)), isLarge: true)
        }
    }

    private static let name = "maker/hollow-GGUF"

    @Test("Of 42 GB only the header is fetched, once; the second time nothing is")
    func seventyBillion() async throws {
        let folder = try Folder()
        let model = try HollowModel.llama70B()
        let file = try folder.write(model, "hollow-70B-Q4_K_M.gguf")
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])]) { hubs in
            let header = try await hubs.manager.header(of: Self.name)
            #expect(header.place == .hub(.huggingFace) && !header.isHere)
            #expect(header.byteCount == model.byteCount && model.byteCount > 40_000_000_000)
            #expect(header.summary.architecture == "llama" && header.summary.quantization == "Q4_K_M")
            #expect((70_000_000_000...71_000_000_000).contains(header.summary.parameterCount))
            #expect(header.summary.vocabularyCount == 128_256)
            #expect(header.parts.map(\.digest) == [file.digest])
            #expect(header.parts[0].bytes == Data(model.header.prefix(model.headerByteCount)))
            #expect(model.headerByteCount > 6_000_000)
            // The header, and at the most one step more: as much again as was there.
            let sent = hubs.huggingFace.storage.sentByteCount
            #expect(header.receivedByteCount == sent)
            #expect(sent >= model.headerByteCount && sent <= 2 * model.headerByteCount)

            let (hub, storage) = (hubs.huggingFace.hub.requests.count, hubs.huggingFace.storage.requests.count)
            let again = try await hubs.manager.header(of: Self.name)
            #expect(again.parts[0].bytes == header.parts[0].bytes && again.receivedByteCount == 0)
            #expect(again.summary == header.summary && again.companions == header.companions)
            #expect(hubs.huggingFace.hub.requests.count == hub)
            // Asked anew, the hub's digest leads to the header that is here.
            let fresh = try await hubs.manager.header(of: Self.name, refreshing: true)
            #expect(fresh.receivedByteCount == 0 && hubs.huggingFace.hub.requests.count > hub)
            #expect(hubs.huggingFace.storage.requests.count == storage)
        }
    }

    @Test("Without the network what was known stays known, and what was not is one clear sentence")
    func offline() async throws {
        let bytes = try TinyModel.llama().bytes()
        let file = SimulatedFile("tiny-Q8_0.gguf", bytes: bytes)
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])]) { hubs in
            let header = try await hubs.manager.header(of: Self.name)
            var configuration = hubs.manager.configuration
            configuration.downloads.offlineSetting = "ROOST_OFFLINE"
            let manager = try await ModelManager(configuration: configuration)
            let requests = hubs.huggingFace.hub.requests.count
            let again = try await manager.header(of: Self.name, refreshing: true)
            #expect(again.parts[0].bytes == header.parts[0].bytes)
            // Kept to the millisecond at the least.
            let (first, second) = (try #require(header.resolvedAt), try #require(again.resolvedAt))
            #expect(abs(first.timeIntervalSince(second)) < 0.001)
            #expect(hubs.huggingFace.hub.requests.count == requests)
            await #expect(throws: ModelHubError.self) { try await manager.header(of: "maker/unknown-GGUF") }
            await manager.shutdown()
        }
    }

    @Test("All parts of a split model are read, with the projector's size, and are one model")
    func split() async throws {
        let folder = try Folder()
        let parts = try HollowModel.llama70B(parts: 3)
        var files = try parts.enumerated().map {
            try folder.write($1, "hollow-Q4_K_M-0000\($0 + 1)-of-00003.gguf")
        }
        files.append(SimulatedFile("mmproj-f16.gguf", bytes: try TinyModel.projector().bytes()))
        let whole = try HollowModel.llama70B()
        try await Hubs.run([SimulatedRepository(Self.name, files: files)]) { hubs in
            let header = try await hubs.manager.header(of: Self.name)
            #expect(header.parts.map(\.fileByteCount) == parts.map(\.byteCount))
            #expect(header.parts.map(\.digest) == files.prefix(3).map(\.digest))
            #expect(header.whole.tensors.count == header.parts.reduce(0) { $0 + $1.header.tensors.count })
            #expect(header.whole.tensors.count == 724)
            #expect(header.projectorByteCount == files[3].byteCount)
            let needed = parts.reduce(0) { $0 + $1.headerByteCount }
            #expect(hubs.huggingFace.storage.sentByteCount < 2 * needed)
            #expect(header.projector?.header.metadata.string("general.architecture") == "clip")
            #expect(header.headerSet.weights.map(\.fileByteCount) == parts.map(\.byteCount))
            #expect(header.headerSet.projector?.bytes == header.projector?.bytes)
            #expect(header.byteCount > whole.byteCount)
            #expect(try await hubs.manager.header(of: Self.name).receivedByteCount == 0)
        }
    }

    @Test("Parts that do not belong together are named")
    func strangerPart() async throws {
        let parts = try HollowModel.llama70B(parts: 3)
        let folder = try Folder()
        let files = try [parts[0], parts[2], parts[1]].enumerated().map {
            try folder.write($1, "hollow-Q4_K_M-0000\($0 + 1)-of-00003.gguf")
        }
        try await Hubs.run([SimulatedRepository(Self.name, files: files)]) { hubs in
            await #expect {
                try await hubs.manager.header(of: Self.name)
            } throws: { error in
                "\(error)".contains("hollow-Q4_K_M-00002-of-00003.gguf")
            }
        }
    }

    @Test("What the store and this machine have is read from there, and no further than the header goes")
    func here() async throws {
        let tiny = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let folder = try Folder()
        let hollow = try HollowModel.llama70B()
        _ = try folder.write(hollow, "hollow.gguf")
        try await Hubs.run { hubs in
            let record = try await hubs.manager.importModel(at: tiny.url, as: "tiny")
            let stored = try await hubs.manager.header(of: "tiny")
            #expect(stored.place == .store(record.name) && stored.parts[0].digest == record.digest)
            #expect(stored.byteCount == record.byteCount && stored.summary.parameterCount == record.parameterCount)
            let path = folder.url.path + "/hollow.gguf"
            let local = try await hubs.manager.header(of: path)
            #expect(local.place == .disk(path: path) && local.isHere)
            #expect(local.parts[0].bytes == Data(hollow.header.prefix(hollow.headerByteCount)))
            try await hubs.manager.setActive("tiny")
            #expect(try await hubs.manager.header(of: nil).name == stored.name)
            #expect(hubs.huggingFace.hub.requests.isEmpty && hubs.ollama.registry.requests.isEmpty)
        }
    }

    @Test("A content of the store answers for its name at a hub")
    func sameContent() async throws {
        let tiny = try TinyModelFile(.llama())
        let file = SimulatedFile("tiny-Q8_0.gguf", bytes: [UInt8](try Data(contentsOf: tiny.url)))
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])]) { hubs in
            _ = try await hubs.manager.importModel(at: tiny.url, as: "mine")
            let header = try await hubs.manager.header(of: "hf.co/" + Self.name)
            #expect(header.parts[0].digest == file.digest && header.receivedByteCount == 0)
            #expect(hubs.huggingFace.storage.requests.isEmpty)
        }
    }

    @Test("A name of Ollama's library and a plain address have headers too")
    func elsewhere() async throws {
        let bytes = try TinyModel.llama().bytes()
        try await Hubs.run(library: ["library/smallest:1b": [SimulatedLayer("model", bytes: bytes)]]) { hubs in
            let header = try await hubs.manager.header(of: "smallest:1b")
            #expect(header.place == .hub(.ollama) && header.parts[0].digest == Digest.of(bytes))
            #expect(header.byteCount == Int64(bytes.count))

            let tag = Tag()
            try await LoopbackServer.run({ request in
                var response = SimulatedResponse(200, headers: [("ETag", tag.text)], body: bytes)
                if request.header("if-none-match") == tag.text {
                    response = SimulatedResponse(304, headers: [("ETag", tag.text)])
                }
                return response
            }) { server in
                let address = server.address + "/tiny.gguf"
                let first = try await hubs.manager.header(of: address)
                #expect(first.place == .hub(.web) && first.parts[0].digest == nil)
                #expect(first.byteCount == Int64(bytes.count) && first.receivedByteCount > 0)
                // The address still has that tag: nothing comes. Then it has another.
                #expect(try await hubs.manager.header(of: address, refreshing: true).receivedByteCount == 0)
                tag.change()
                #expect(try await hubs.manager.header(of: address, refreshing: true).receivedByteCount > 0)
            }
        }
    }

    @Test("What is kept is checked when it is read: a spoilt file is fetched again")
    func spoilt() async throws {
        let file = SimulatedFile("tiny-Q8_0.gguf", bytes: try TinyModel.llama().bytes())
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])]) { hubs in
            let first = try await hubs.manager.header(of: Self.name)
            let cache = hubs.home.appending(path: "roost/cache/headers")
            let kept = try FileManager.default.contentsOfDirectory(atPath: cache.path).filter {
                $0.hasSuffix(".header")
            }
            #expect(kept == [file.digest.fileName + ".header"])
            let url = cache.appending(path: kept[0])
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: url)
            let again = try await hubs.manager.header(of: Self.name)
            #expect(again.receivedByteCount > 0 && again.parts[0].bytes == first.parts[0].bytes)
            try Data(bytes.prefix(60)).write(to: url)
            #expect(try await hubs.manager.header(of: Self.name).receivedByteCount > 0)
            // Whole, but not what a header is to today's reader.
            let strange = HeaderCache.Entry(number: 100, bytes: Data("no header at all".utf8))
            hubs.manager.headerCache.keep(.header, file.digest, strange)
            #expect(try await hubs.manager.header(of: Self.name).receivedByteCount > 0)

            let use = try await hubs.manager.store.diskUse()
            #expect(use.headerCacheByteCount > 0)
            var options = PruneOptions()
            options.minimumAge = -60
            let plan = try await hubs.manager.prunePlan(options)
            #expect(plan.items.map(\.kind) == [.cachedHeader, .cachedHeader])
            #expect(try await hubs.manager.store.perform(plan) == use.headerCacheByteCount)
            let after = try await hubs.manager.store.diskUse()
            #expect(after.headerCacheByteCount == 0)
        }
    }

    @Test("What a hub gives that the engine must not be given is refused by name")
    func hostile() async throws {
        var model = TinyModel.llama()
        model["general.architecture"] = .string("nothing-known")
        let files = [
            SimulatedFile("tiny-Q8_0.gguf", bytes: try model.bytes()),
            SimulatedFile("tiny-Q4_0.gguf", bytes: Array("<html>no model</html>".utf8)),
            SimulatedFile("tiny-F16.gguf", bytes: Array(try TinyModel.llama().bytes().prefix(5_000))),
        ]
        try await Hubs.run([SimulatedRepository(Self.name, files: files)]) { hubs in
            for (quantization, words) in [("Q8_0", "nothing-known"), ("Q4_0", "GGUF"), ("F16", "tiny-F16.gguf")] {
                await #expect {
                    try await hubs.manager.header(of: "\(Self.name):\(quantization)")
                } throws: { error in
                    guard case ModelStoreError.invalidModel(let path, _) = error else { return false }
                    return path.hasPrefix("tiny-") && "\(error)".contains(words)
                }
            }
        }
    }

    @Test("A header that claims to be endless is refused after its first bytes")
    func endless() async throws {
        func number(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        // One array of 16 M numbers of 8 bytes, in a file that could hold it.
        var bytes = Array("GGUF".utf8) + number(UInt32(3)) + number(UInt64(0)) + number(UInt64(1)) + number(UInt64(1))
        bytes += Array("k".utf8) + number(UInt32(9)) + number(UInt32(10)) + number(UInt64(16 << 20))
        let folder = try Folder()
        let url = folder.url.appending(path: "endless")
        try Data(bytes).write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: 300_000_000_000)
        try handle.close()
        let file = SimulatedFile(
            "endless-Q8_0.gguf", .file(path: url.path, byteCount: 300_000_000_000),
            digest: Digest.of([UInt8](url.path.utf8)), isLarge: true)
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])]) { hubs in
            await #expect {
                try await hubs.manager.header(of: Self.name)
            } throws: { error in
                "\(error)".contains("endless-Q8_0.gguf") && "\(error)".contains("\(128 << 20)")
            }
            #expect(hubs.huggingFace.storage.sentByteCount == 1 << 20)
        }
    }

    @Test("Cancelled, it ends at once and leaves nothing behind")
    func cancelled() async throws {
        let folder = try Folder()
        let file = try folder.write(try HollowModel.llama70B(), "hollow-70B-Q4_K_M.gguf")
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { _, response in
            guard let range = response.range, range.lowerBound > 0 else { return }
            response.headers.append(("Content-Length", "\(range.count)"))
            response.range = range.lowerBound..<(range.lowerBound + 10)
            response.isHeldOpen = true
        }
        try await Hubs.run([SimulatedRepository(Self.name, files: [file])], behaviour: behaviour) { hubs in
            let task = Task { try await hubs.manager.header(of: Self.name) }
            #expect(try await hubs.huggingFace.storage.hasReceived(2))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let use = try await hubs.manager.store.diskUse()
            #expect(use.headerCacheByteCount == 0)
        }
    }

    /// A tag that changes when it is told to.
    private final class Tag: Sendable {
        private let number = Mutex(1)
        var text: String { "\"\(number.withLock { $0 })\"" }
        func change() { number.withLock { $0 += 1 } }
    }
}
