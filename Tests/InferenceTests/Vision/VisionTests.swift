import Foundation
import ModelFixtures
import ModelFormats
import Testing

@testable import Inference

@Suite("Pictures", .serialized)
struct VisionTests {
    /// A model and the projector that belongs to it.
    private struct Pair {
        let engine: PlainEngine
        let projector: MediaProjector
        let model: TinyModelFile
        let file: TinyModelFile

        init(_ kind: TinyModel.Projector, microBatchSize: UInt32 = 512) throws {
            model = try TinyModelFile(kind == .gemma3 ? .gemma3() : .qwen2vl())
            file = try TinyModelFile(.visionProjector(kind))
            engine = try PlainEngine(model, microBatchSize: microBatchSize)
            var options = LoadOptions()
            options.threadCount = 1
            projector = try MediaProjector(file: file.url, model: engine.model, options: options)
        }

        func greedy(_ prompt: String, _ images: [Data], count: Int = 32) throws -> [Int32] {
            try engine.greedy(try projector.pieces(of: prompt, images: images, addSpecial: true), count: count)
        }
    }

    private static let marker = MediaProjector.marker
    private static let pictures = [TestPicture.stripes.png, TestPicture.circle.png, TestPicture.circle.bmp]

    @Test(
        "Greedy tokens behind pictures are llama-server's", .enabled(if: TestEnvironment.tools != nil),
        arguments: TinyModel.Projector.allCases)
    func equal(kind: TinyModel.Projector) async throws {
        struct Prompt: Encodable {
            var text: String
            var pictures: [String]

            enum CodingKeys: String, CodingKey {
                case text = "prompt_string"
                case pictures = "multimodal_data"
            }
        }
        let pair = try Pair(kind)
        let server = try await PeerServer(
            model: pair.model.url, ["--mmproj", pair.file.url.path, "-c", "512", "--no-mmproj-offload"],
            environment: ["LLAMA_MEDIA_MARKER": Self.marker])
        let prompts = [
            ("the \(Self.marker) of the world is", [Self.pictures[0]]),
            ("\(Self.marker) and \(Self.marker) are", [Self.pictures[1], Self.pictures[0]]),
            ("what is \(Self.marker)?", [Self.pictures[2]]),
        ]
        for (prompt, images) in prompts {
            let theirs = try await server.tokens(
                Prompt(text: prompt, pictures: images.map { $0.base64EncodedString() }), count: 32)
            try #require(theirs.count == 32)
            #expect(try pair.greedy(prompt, images) == theirs, "\(prompt)")
        }
    }

    @Test(
        "Different pictures give different answers, the same picture the same", arguments: TinyModel.Projector.allCases)
    func pictures(kind: TinyModel.Projector) throws {
        let pair = try Pair(kind)
        let prompt = "the \(Self.marker) of the world is"
        let stripes = try pair.greedy(prompt, [Self.pictures[0]])
        let circle = try pair.greedy(prompt, [Self.pictures[1]])
        #expect(stripes != circle)
        #expect(try pair.greedy(prompt, [Self.pictures[0]]) == stripes)
        // The format of the file does not matter to what is seen.
        #expect(try pair.greedy(prompt, [Self.pictures[2]]) == circle)
        let squares = try pair.greedy(prompt, [TestPicture.squares.png])
        #expect(try pair.greedy(prompt, [TestPicture.squares.jpeg]) == squares)
        #expect(squares != circle)
    }

    @Test("A picture's identity is that of its file, and its sizes are those of the model")
    func identities() throws {
        func media(_ pieces: [PromptPiece]) -> [any MediaPiece] {
            pieces.compactMap { if case .media(let media) = $0 { media } else { nil } }
        }
        let gemma = try Pair(.gemma3)
        let prompt = "a \(Self.marker) b \(Self.marker) c \(Self.marker) d"
        let pieces = try gemma.projector.pieces(
            of: prompt, images: [Self.pictures[0], Self.pictures[1], Self.pictures[0]], addSpecial: true)
        let seen = media(pieces)
        try #require(seen.count == 3)
        #expect(seen[0].identity == seen[2].identity)
        #expect(seen[0].identity != seen[1].identity)
        #expect(seen.allSatisfy { $0.cellCount == 16 && $0.positionCount == 16 })
        if case .tokens = pieces.last {} else { Issue.record("the prompt does not end in text") }

        // 104 × 80 pixels once fitted to patches: 13 × 10 patches of 8, joined by 2 × 2.
        let qwen = try Pair(.qwen2vl)
        let placed = try #require(
            media(try qwen.projector.pieces(of: "a \(Self.marker) b", images: [Self.pictures[1]], addSpecial: true))
                .first)
        #expect(placed.cellCount > placed.positionCount)
    }

    @Test("What is not a sound picture is refused")
    func broken() throws {
        let pair = try Pair(.gemma3)
        let png = [UInt8](TestPicture.circle.png)
        let cases: [(String, [UInt8])] = [
            ("nothing", []), ("text", Array("hello world".utf8)), ("half", Array(png[..<(png.count / 2)])),
            ("only a signature", Array(png[..<8])), ("WAVE", Array("RIFF\0\0\0\0WAVEfmt ".utf8)),
            ("wide", [UInt8](TestPicture.claim(8193, 1))), ("high", [UInt8](TestPicture.claim(1, 100_000))),
            ("huge", [UInt8](TestPicture.claim(8192, 8192))), ("empty", [UInt8](TestPicture.claim(0, 10))),
            ("half a JPEG", [UInt8](TestPicture.squares.jpeg.prefix(60))),
            ("without pixels", [UInt8](TestPicture.claim(64, 64))),
            ("too many bytes", png + [UInt8](repeating: 0, count: 33 << 20)),
            ("TGA", [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 24, 0, 1, 2, 3]),
        ]
        for (name, bytes) in cases {
            do {
                _ = try pair.projector.pieces(of: "a \(Self.marker) b", images: [Data(bytes)], addSpecial: true)
                Issue.record("\(name) was accepted")
            } catch InferenceError.unreadableImage {
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        // And nothing is left of them.
        #expect(try pair.greedy("a \(Self.marker) b", [TestPicture.circle.png], count: 4).count == 4)
    }

    @Test("Extreme shapes are looked at all the same", arguments: TinyModel.Projector.allCases)
    func shapes(kind: TinyModel.Projector) throws {
        let pair = try Pair(kind)
        for (width, height) in [(1, 1), (1, 300), (300, 1), (2000, 3), (3, 3)] {
            let picture = TestPicture(width, height) { x, y in (UInt8(x & 255), UInt8(y & 255), 7) }
            #expect(try pair.greedy("a \(Self.marker) b", [picture.png], count: 4).count == 4, "\(width) × \(height)")
        }
    }

    @Test("As many markers as pictures are needed, and text cannot pretend to be one by llama.cpp's usual marker")
    func markers() throws {
        let pair = try Pair(.gemma3)
        for (prompt, count) in [("no marker", 1), ("\(Self.marker) \(Self.marker)", 1), (Self.marker, 0)] {
            #expect(throws: InferenceError.self) {
                try pair.projector.pieces(
                    of: prompt, images: Array(repeating: Self.pictures[0], count: count), addSpecial: true)
            }
        }
        let pieces = try pair.projector.pieces(
            of: "<__media__> \(Self.marker) <__media__>", images: [Self.pictures[0]], addSpecial: true)
        #expect(pieces.count == 3)
    }

    @Test("A picture whose tokens see each other is refused when the micro-batch cannot hold it")
    func smallBatch() throws {
        let pair = try Pair(.gemma3, microBatchSize: 8)
        #expect(pair.projector.needsWholePictures)
        do {
            _ = try pair.greedy("a \(Self.marker) b", [Self.pictures[0]], count: 1)
            Issue.record("it was accepted")
        } catch InferenceError.unreadableImage(let reason) {
            #expect(reason.contains("16") && reason.contains("8"))
        }
        // Where each sees only those before it, it is computed in parts.
        let qwen = try Pair(.qwen2vl, microBatchSize: 8)
        #expect(!qwen.projector.needsWholePictures)
        #expect(try qwen.greedy("a \(Self.marker) b", [Self.pictures[0]], count: 4).count == 4)
    }

    #if os(Linux)
        @Test("An open projector is read by its descriptor's path")
        func descriptor() throws {
            let pair = try Pair(.gemma3)
            let handle = try FileHandle(forReadingFrom: pair.file.url)
            defer { try? handle.close() }
            try FileManager.default.removeItem(at: pair.file.url)
            let projector = try MediaProjector(
                file: URL(fileURLWithPath: "/proc/self/fd/\(handle.fileDescriptor)"), model: pair.engine.model,
                options: LoadOptions())
            let prompt = "a \(Self.marker) b"
            let pieces = try projector.pieces(of: prompt, images: [Self.pictures[0]], addSpecial: true)
            #expect(try pair.engine.greedy(pieces, count: 8) == pair.greedy(prompt, [Self.pictures[0]], count: 8))
        }
    #endif

    @Test("A file that is no projector, or one of another model, is refused with its path")
    func refusedFiles() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        let missing = URL(fileURLWithPath: "/nowhere/mmproj.gguf")
        #expect(throws: InferenceError.fileMissing(path: missing.path)) {
            try MediaProjector(file: missing, model: engine.model, options: LoadOptions())
        }
        var unknown = TinyModel.visionProjector(.gemma3)
        unknown["clip.projector_type"] = .string("unheard-of")
        for model in [TinyModel.llama(), .projector(), unknown] {
            let file = try TinyModelFile(model)
            do {
                _ = try MediaProjector(file: file.url, model: engine.model, options: LoadOptions())
                Issue.record("it was accepted")
            } catch InferenceError.loadFailed(let path, let reason) {
                #expect(path == file.url.path)
                #expect(!reason.isEmpty)
            }
        }
    }
}
