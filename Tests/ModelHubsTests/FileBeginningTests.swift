import Foundation
import HubSimulator
import ModelHubs
import NIOHTTP1
import Security
import Synchronization
import Testing

/// A file whose every byte says where it is.
private let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
private let steps = BeginningSteps(first: 10_000, limit: 2_000_000, patience: .seconds(30))

@Suite("Reading the beginning of a file at its hub")
struct FileBeginningTests {
    private static let repository = SimulatedRepository(
        "user/Big-GGUF",
        files: [SimulatedFile("big-Q8_0.gguf", .bytes(content), digest: Digest.of(content), isLarge: true)])

    /// Reads until `needed` bytes are there, which are checked.
    private static func inspect(
        _ needed: Int
    ) -> @Sendable ([UInt8], Int64?) throws -> BeginningRead<Bool> {
        { bytes, size in
            #expect(size == nil || size == Int64(content.count))
            return bytes.count < needed
                ? .needsMore(atLeast: min(bytes.count + 1, needed))
                : .complete(bytes.elementsEqual(content.prefix(bytes.count)))
        }
    }

    /// Runs `body` with a reader of the file at a simulated hub.
    private static func run(
        token: String? = nil, behaviour: HuggingFaceSimulator.Behaviour = .init(),
        _ body: (FileBeginningReader, ModelFile, HuggingFaceSimulator, HubFixture) async throws -> Void
    ) async throws {
        try await HuggingFaceSimulator.run([repository], behaviour: behaviour) { simulator in
            try await HubFixture.run { transport, fixture in
                let settings = try HuggingFaceSettings(endpoint: simulator.hub.address, token: token)
                let hub = HuggingFaceHub(settings: settings, transport: transport)
                let finder = ModelFinder(catalog: try Catalog.builtIn(), hubs: [hub])
                let address = simulator.hub.address + "/user/Big-GGUF/resolve/main/big-Q8_0.gguf"
                let url = try #require(URL(string: address))
                let file = ModelFile(
                    role: .model, path: try #require(RepositoryPath("big-Q8_0.gguf")),
                    byteCount: Int64(content.count), digest: Digest.of(content),
                    sources: [FileSource(url: url, hub: .huggingFace, credential: settings.credential)])
                try await body(FileBeginningReader(transport: transport, finder: finder), file, simulator, fixture)
            }
        }
    }

    private static func read(
        _ reader: FileBeginningReader, _ file: ModelFile, _ needed: Int, unless tag: String? = nil,
        steps: BeginningSteps = steps
    ) async throws -> BeginningAnswer<Bool> {
        try await reader.read(file, steps: steps, unless: tag, inspect: inspect(needed))
    }

    private static func beginning(
        _ reader: FileBeginningReader, _ file: ModelFile, _ needed: Int, steps: BeginningSteps = steps
    ) async throws -> FileBeginning<Bool> {
        guard case .read(let beginning) = try await read(reader, file, needed, steps: steps) else {
            throw ModelHubError.unexpectedAnswer(location: "the test", reason: "unchanged")
        }
        return beginning
    }

    @Test("As much is fetched as is needed, twice as much each time", arguments: [1, 9_999, 10_000, 10_001, 300_000])
    func grows(needed: Int) async throws {
        try await Self.run(token: "hf_canary") { reader, file, simulator, _ in
            let beginning = try await Self.beginning(reader, file, needed)
            #expect(beginning.value)
            #expect(beginning.fileByteCount == Int64(content.count))
            #expect(beginning.entityTag == "\"storage-tag\"")
            let fetched = Int(beginning.receivedByteCount)
            #expect(fetched >= needed && fetched < max(10_001, 2 * needed))
            #expect(simulator.storage.sentByteCount == beginning.receivedByteCount)
            #expect(simulator.hub.sentByteCount < 100)
            // The hub is asked once where the bytes are, and the storage never gets the token.
            #expect(simulator.hub.requests.count == 1 && simulator.hub.requests[0].token == "hf_canary")
            #expect(simulator.storage.requests.count == beginning.requestCount)
            #expect(simulator.storage.requests.allSatisfy { $0.token == nil })
            let later = simulator.storage.requests.dropFirst()
            #expect(later.allSatisfy { $0.headers.first(name: "if-range") == "\"storage-tag\"" })
        }
    }

    @Test("A server that sends no ranges is read as far as needed and left")
    func rangesIgnored() async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { _, response in
            response.status = 200
            response.range = nil
            response.headers.removeAll { $0.0 == "Content-Range" }
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, _ in
            let beginning = try await Self.beginning(reader, file, 150_000)
            #expect(beginning.value && beginning.requestCount == 1)
            #expect(beginning.receivedByteCount >= 150_000)
            #expect(beginning.receivedByteCount < 800_000, "\(beginning.receivedByteCount)")
        }
    }

    @Test("An answer that has other bytes than were asked for is refused", arguments: 0..<6)
    func wrongAnswers(index: Int) async throws {
        let total = content.count
        let (text, words) = [
            ("bytes 1-10000/\(total)", "has the bytes 1 to 10000"),
            ("bytes 0-20000/\(total)", "has the bytes 0 to 20000"),
            ("bytes 0-9999/\(total + 1)", "size in bytes"), ("bytes 0-9999/*", "Content-Range"),
            ("bytes 0-99/\(total)", "a length of 10000"), ("", "Content-Range"),
        ][index]
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { _, response in
            response.headers.removeAll { $0.0 == "Content-Range" }
            if !text.isEmpty { response.headers.append(("Content-Range", text)) }
        }
        try await Self.run(behaviour: behaviour) { reader, file, _, _ in
            let error = await failure { try await Self.beginning(reader, file, 5) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A page for people, a compressed body and an end too early are no file")
    func noFile() async throws {
        for (headers, status, words) in [
            ([("Content-Type", "text/html; charset=utf-8")], 200, "web page"),
            ([("Content-Encoding", "gzip")], 200, "compressed"), ([("Content-Type", "text/plain")], 200, "ends after"),
        ] {
            var behaviour = HuggingFaceSimulator.Behaviour()
            behaviour.alterStorage = { _, response in
                response = SimulatedResponse(status, headers: headers, body: [UInt8](content.prefix(50)))
            }
            try await Self.run(behaviour: behaviour) { reader, file, _, _ in
                var file = file
                file.byteCount = nil
                let error = await failure {
                    try await reader.read(file, steps: steps) { bytes, _ -> BeginningRead<Bool> in
                        .needsMore(atLeast: 20_000)
                    }
                }
                #expect(error?.description.contains(words) == true, "\(String(describing: error))")
            }
        }
    }

    @Test("A connection that breaks costs nothing that has landed")
    func broken() async throws {
        let cuts = Counter(2)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { _, response in
            guard let range = response.range, range.count > 5_000, cuts.takeOne() else { return }
            // The head says all, the body ends before: the connection closes in the middle.
            response.headers.append(("Content-Length", "\(range.count)"))
            response.range = range.lowerBound..<(range.upperBound - 1_000)
            response.isLast = true
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, fixture in
            let beginning = try await Self.beginning(reader, file, 60_000)
            #expect(beginning.value)
            #expect(simulator.storage.sentByteCount < 130_000)
        }
    }

    @Test("A file that changes between two ranges is read anew from its start")
    func changed() async throws {
        let changes = Counter(1)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { request, response in
            guard request.headers.first(name: "if-range") != nil, changes.takeOne() else { return }
            response.headers = response.headers.map { $0.0 == "ETag" ? ("ETag", "\"another\"") : $0 }
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, _ in
            let beginning = try await Self.beginning(reader, file, 40_000)
            #expect(beginning.value)
            let starts = simulator.storage.requests.compactMap { $0.headers.first(name: "range") }
            #expect(starts.count(where: { $0.hasPrefix("bytes=0-") }) == 2, "\(starts)")
        }
    }

    @Test("A server that honours If-Range by sending all is read on from there; one that never rests is given up")
    func changedWhole() async throws {
        for times in [1, 100] {
            let changes = Counter(times)
            let tags = Mutex(0)
            var behaviour = HuggingFaceSimulator.Behaviour()
            behaviour.alterStorage = { request, response in
                let number = tags.withLock { tags in
                    tags += 1
                    return tags
                }
                guard request.headers.first(name: "if-range") != nil, changes.takeOne() else { return }
                if times == 1 {
                    response.status = 200
                    response.range = nil
                }
                response.headers = response.headers.map { $0.0 == "ETag" ? ("ETag", "\"\(number)\"") : $0 }
            }
            try await Self.run(behaviour: behaviour) { reader, file, _, _ in
                if times == 1 {
                    let beginning = try await Self.beginning(reader, file, 40_000)
                    #expect(beginning.value)
                } else {
                    let error = await failure { try await Self.beginning(reader, file, 40_000) }
                    #expect(error?.description.contains("changes again and again") == true)
                }
            }
        }
    }

    @Test("An address that expired in the middle is asked for again")
    func expired() async throws {
        let refusals = Counter(1)
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { request, response in
            guard request.headers.first(name: "if-range") != nil, refusals.takeOne() else { return }
            response = SimulatedResponse(403, text: "expired")
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, _ in
            let beginning = try await Self.beginning(reader, file, 40_000)
            #expect(beginning.value)
            #expect(simulator.hub.requests.count == 2)
        }
    }

    @Test("A refusal is told in the hub's own words, once", arguments: [401, 404, 429, 503])
    func refusals(status: Int) async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { request in
            request.uri.contains("/resolve/") ? SimulatedResponse(status, headers: [("Retry-After", "7")]) : nil
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, fixture in
            let error = await failure { try await Self.beginning(reader, file, 5) }
            let place = simulator.hub.place
            switch status {
            case 401: #expect(error == .repositoryNotFound(repository: "user/Big-GGUF", host: place, hasToken: false))
            case 404:
                #expect(error == .fileNotFound(name: "big-Q8_0.gguf", repository: "user/Big-GGUF", choices: []))
            default:
                #expect(error == .rateLimited(host: place, seconds: 7))
                #expect(fixture.waited == [.seconds(7), .seconds(7)])
            }
        }
    }

    @Test(
        "A redirect into an inner network, to no protection or round and round is not followed",
        arguments: ["http://169.254.169.254/latest", "http://example.com/x", "file:///etc/passwd", "/user/again"])
    func redirects(target: String) async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.interrupt = { _ in SimulatedResponse(302, headers: [("Location", target)]) }
        try await Self.run(token: "hf_canary", behaviour: behaviour) { reader, file, simulator, _ in
            switch await failure({ try await Self.beginning(reader, file, 5) }) {
            case .refusedRedirect: #expect(!target.hasPrefix("/user"))
            case .tooManyRedirects: #expect(target.hasPrefix("/user"))
            case let error: Issue.record("\(String(describing: error))")
            }
            #expect(simulator.storage.requests.isEmpty)
        }
    }

    @Test("Offline, nothing is sent")
    func offline() async throws {
        try await Self.run { _, file, simulator, _ in
            try await HubFixture.run { transport, _ in
                var transport = transport
                transport.offlineSetting = "ROOST_OFFLINE"
                let finder = ModelFinder(catalog: try Catalog.builtIn(), hubs: [])
                let reader = FileBeginningReader(transport: transport, finder: finder)
                let error = await failure { try await Self.beginning(reader, file, 5) }
                #expect(error == .offline(host: simulator.hub.place, setting: "ROOST_OFFLINE"))
            }
            #expect(simulator.hub.requests.isEmpty)
        }
    }

    @Test("A source that fails gives way to the next one; when none is left the first one's failure is told")
    func severalSources() async throws {
        try await Self.run { reader, file, simulator, _ in
            let good = try #require(file.sources.first)
            let missing = try #require(URL(string: simulator.hub.address + "/user/Gone-GGUF/resolve/main/x.gguf"))
            var file = file
            file.sources = [FileSource(url: missing, hub: .huggingFace), good]
            let beginning = try await Self.beginning(reader, file, 20_000)
            #expect(beginning.value)
            file.sources.removeLast()
            let error = await failure { try await Self.beginning(reader, file, 20_000) }
            #expect(
                error
                    == .repositoryNotFound(
                        repository: "user/Gone-GGUF", host: simulator.hub.place, hasToken: false))
        }
    }

    @Test("A beginning that is longer than the limit is refused with both numbers")
    func limited() async throws {
        try await Self.run { reader, file, _, _ in
            let small = BeginningSteps(first: 1_000, limit: 20_000)
            let error = await failure { try await Self.beginning(reader, file, 30_000, steps: small) }
            #expect(error?.description.contains("20001 bytes") == true, "\(String(describing: error))")
            #expect(error?.description.contains("20000 are not read") == true)
        }
    }

    @Test("A content whose tag is known is not read again")
    func unchanged() async throws {
        try await Self.run { reader, file, simulator, _ in
            guard case .unchanged = try await Self.read(reader, file, 50_000, unless: "\"storage-tag\"") else {
                Issue.record("it was read")
                return
            }
            #expect(simulator.storage.requests.first?.headers.first(name: "if-none-match") == "\"storage-tag\"")
            guard case .read = try await Self.read(reader, file, 50_000, unless: "\"other\"") else {
                Issue.record("it was not read")
                return
            }
        }
    }

    @Test("A server that falls silent is given up, and cancelling ends a reading at once")
    func silence() async throws {
        var behaviour = HuggingFaceSimulator.Behaviour()
        behaviour.alterStorage = { _, response in
            // Announced and never sent.
            response.headers.append(("Content-Length", "\(response.range?.count ?? 0)"))
            response.range = 0..<10
            response.isHeldOpen = true
        }
        try await Self.run(behaviour: behaviour) { reader, file, simulator, _ in
            var quick = steps
            quick.patience = .milliseconds(200)
            let error = await failure { try await Self.beginning(reader, file, 5_000, steps: quick) }
            #expect(error?.description.contains("it sent nothing") == true, "\(String(describing: error))")

            let before = simulator.storage.requests.count
            let task = Task { try await Self.beginning(reader, file, 5_000) }
            let hasAsked = try await simulator.storage.hasReceived(before + 1)
            #expect(hasAsked)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
