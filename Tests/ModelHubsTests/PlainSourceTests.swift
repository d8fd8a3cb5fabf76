import Foundation
import HubSimulator
import ModelHubs
import NIOHTTP1
import Security
import Testing

@Suite("Plain addresses, files and folders")
struct PlainSourceTests {
    static func serve(
        _ answer: @escaping LoopbackServer.Answer, _ body: (URLHub, LoopbackServer) async throws -> Void
    ) async throws {
        try await LoopbackServer.run(answer) { server in
            try await HubFixture.run(attempts: 1) { transport, _ in
                try await body(URLHub(transport: transport), server)
            }
        }
    }

    @Test("an address gives a file's name and size, and takes its hash from the reference")
    func address() async throws {
        let digest = Digest.of([UInt8]("weights".utf8))
        try await Self.serve({ request in
            request.uri == "/moved/m-Q8_0.gguf"
                ? SimulatedResponse(302, headers: [("Location", "/real")])
                : SimulatedResponse(200, text: "weights", type: "x/y")
        }) { hub, server in
            let text = "\(server.address)/moved/m-Q8_0.gguf#sha256=\(digest.hexadecimal)"
            let model = try await hub.resolve(HubFixture.reference(text))
            let file = try #require(model.weights.first)
            #expect(model.name == "m-Q8_0")
            #expect(model.quantization == "Q8_0")
            #expect(file.byteCount == 7)
            #expect(file.digest == digest)
            #expect(try await hub.locate(file).url.absoluteString == server.address + "/real")
        }
    }

    @Test("all parts of a split model are found beside the one that was named")
    func parts() async throws {
        try await Self.serve({ request in
            request.uri.contains("of-00003")
                ? SimulatedResponse(request.uri.contains("a-00003") ? 404 : 200, text: "x", type: "x/y")
                : SimulatedResponse(404)
        }) { hub, server in
            let model = try await hub.resolve(HubFixture.reference("\(server.address)/d/m-00002-of-00003.gguf?k=v"))
            #expect(
                model.weights.map { $0.sources[0].url.absoluteString }
                    == (1...3).map { "\(server.address)/d/m-0000\($0)-of-00003.gguf?k=v" })
            #expect(model.name == "m")
            #expect(
                await failure { try await hub.resolve(HubFixture.reference("\(server.address)/a-00001-of-00003.gguf")) }
                    == .missingShards(name: "a", missing: [3], count: 3))
        }
    }

    @Test("a web page, an absent file and a forbidden one each say so; HEAD may be refused")
    func refusals() async throws {
        try await Self.serve({ request in
            if request.uri == "/page.gguf" {
                return SimulatedResponse(200, text: "<html>", type: "text/html; charset=utf-8")
            }
            if request.uri == "/no.gguf" { return SimulatedResponse(404) }
            if request.uri == "/secret.gguf" { return SimulatedResponse(403) }
            return request.method == .HEAD ? SimulatedResponse(403) : SimulatedResponse(200, text: "abc", type: "x/y")
        }) { hub, server in
            guard
                case .notAModelFile = await failure({
                    try await hub.resolve(HubFixture.reference(server.address + "/page.gguf"))
                })
            else {
                Issue.record("a web page passed")
                return
            }
            #expect(
                await failure { try await hub.resolve(HubFixture.reference(server.address + "/no.gguf")) }
                    == .fileNotFound(name: "no.gguf", repository: server.place, choices: []))
            #expect(
                await failure { try await hub.resolve(HubFixture.reference(server.address + "/secret.gguf")) }
                    == .forbidden(host: server.place, reason: "HTTP 403"))
            let model = try await hub.resolve(HubFixture.reference(server.address + "/signed.gguf"))
            #expect(model.byteCount == 3)
        }
    }

    @Test("a file that grew since it was pinned is noticed")
    func grown() async throws {
        let first = Counter(1)
        try await Self.serve({ _ in SimulatedResponse(200, text: first.takeOne() ? "abc" : "abcd", type: "x/y") }) {
            hub, server in
            let model = try await hub.resolve(HubFixture.reference(server.address + "/m.gguf"))
            #expect(
                await failure { try await hub.locate(model.files[0]) }
                    == .pinMismatch(name: "m.gguf", fact: "size in bytes", expected: "3", found: "4"))
        }
    }

    @Test("a file, its parts and its projector are found on this machine")
    func local() async throws {
        let folder = try TemporaryFolder()
        try folder.write("one/m-Q4_0.gguf", "weights")
        try folder.write("one/mmproj-m.gguf", "eyes")
        try folder.write("split/s-00001-of-00002.gguf", "a")
        try folder.write("split/s-00002-of-00002.gguf", "b")
        let hub = LocalHub(homeDirectory: folder.path, currentDirectory: folder.path + "/one")
        for text in ["./m-Q4_0.gguf", "m-Q4_0.gguf", "~/one/m-Q4_0.gguf", folder.path + "/one", "../one/m-Q4_0.gguf"] {
            let model = try await hub.resolve(HubFixture.reference(text))
            #expect(model.files.map(\.role) == [.model, .projector], "\(text)")
            #expect(model.files[0].sources[0].url.path == folder.path + "/one/m-Q4_0.gguf")
            #expect(model.files[0].byteCount == 7)
        }
        let split = try await hub.resolve(.path("../split/s-00002-of-00002.gguf"))
        #expect(split.weights.map(\.path.description) == ["s-00001-of-00002.gguf", "s-00002-of-00002.gguf"])
    }

    @Test("paths without a model say what is wrong")
    func localRefusals() async throws {
        let folder = try TemporaryFolder()
        try folder.write("a/x-Q4_K_M.gguf", "x")
        try folder.write("a/y-Q4_K_M.gguf", "y")
        try folder.write("b/notes.txt", "n")
        try folder.write("c/s-00001-of-00002.gguf", "s")
        let hub = LocalHub(homeDirectory: folder.path, currentDirectory: folder.path)
        #expect(
            await failure { try await hub.resolve(.path("./a")) }
                == .ambiguous(
                    text: folder.path + "/a",
                    choices: [folder.path + "/a/x-Q4_K_M.gguf", folder.path + "/a/y-Q4_K_M.gguf"]))
        #expect(
            await failure { try await hub.resolve(.path("./b")) }
                == .noModelFile(repository: folder.path + "/b", found: "1 other files"))
        #expect(
            await failure { try await hub.resolve(.path("./b/notes.txt")) }
                == .notAModelFile(location: folder.path + "/b/notes.txt", reason: "its name does not end in .gguf"))
        #expect(
            await failure { try await hub.resolve(.path("./c")) }
                == .missingShards(name: "s", missing: [2], count: 2))
        #expect(
            await failure { try await hub.resolve(.path("./none.gguf")) }
                == .fileSystem(path: folder.path + "/none.gguf", reason: "there is no such file or folder"))
        #expect(
            await failure { try await hub.resolve(.path("/dev/null")) }
                == .notAModelFile(location: "/dev/null", reason: "it is neither a file nor a folder"))
    }
}
