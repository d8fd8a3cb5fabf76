import EngineFixtures
import Foundation
import Inference
import Testing

/// 200 JSON schemas on the real model, judged by the Python package `jsonschema`.
@Suite(
    "JSON schemas with a real model",
    .enabled(if: TestEnvironment.model != nil && SchemaValidator.python != nil, "no model, or no Python for schemas"))
struct SchemaOutputTests {
    /// Engines side by side: each follows the grammars of its requests on its own thread, which takes half of the time.
    private static let engineCount = 2
    /// Requests that an engine computes together.
    private static let parallelCount = 8
    /// Those that go on beyond this have begun a string or a list without an end.
    private static let tokenLimit = 160
    /// Small values, so that a small model comes to an end.
    private static let prompt = #"""
        Short examples in JSON:
        {"name": "Ann", "age": 7}
        ["x", 1]
        {"code": "a-1", "ok": true, "list": ["red"]}

        """#

    @Test("Every finished output of 200 schemas validates, and most are finished")
    func validates() async throws {
        let cases = try SchemaCase.all()
        try #require(cases.count == 200)
        let started = ContinuousClock.now
        let results = try await withThrowingTaskGroup(of: [(item: SchemaCase, result: GenerationResult)].self) {
            group in
            for engine in 0..<Self.engineCount {
                let numbers = cases.indices.filter { $0 % Self.engineCount == engine }
                group.addTask { try await Self.results(numbers, of: cases) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let duration = ContinuousClock.now - started
        let finished = results.filter { $0.result.finishReason == .stop }
        let tokenCount = results.reduce(0) { $0 + $1.result.completionTokenCount }
        print("\(finished.count) of \(cases.count) schemas finished: \(tokenCount) tokens in \(duration)")
        let complaints = try await SchemaValidator.complaints(finished.map { ($0.item, $0.result.text) })
        #expect(complaints == "", "of \(finished.count) finished outputs")
        let cut = results.filter { $0.result.finishReason != .stop }.map { "\($0.item.name): \($0.result.text)" }
        #expect(finished.count >= 185, "\(cut.count) were cut off: \(cut.joined(separator: "\n"))")
    }

    /// An output for each of some schemas by an engine of their own, asked for side by side.
    private static func results(
        _ numbers: [Int], of cases: [SchemaCase]
    ) async throws -> [(item: SchemaCase, result: GenerationResult)] {
        var load = LoadOptions()
        load.contextLength = 512
        load.parallelRequestCount = parallelCount
        load.cacheTokenCount = parallelCount * 512
        // Threads that wait for each other would crawl beside other tests.
        load.threadCount = 1
        let model = try await LoadedModel.load(at: try #require(TestEnvironment.model), options: load)
        let results = try await withThrowingTaskGroup(of: (SchemaCase, GenerationResult).self) { group in
            var results: [(item: SchemaCase, result: GenerationResult)] = []
            for (place, number) in numbers.enumerated() {
                if place >= parallelCount, let next = try await group.next() { results.append(next) }
                let item = cases[number]
                var options = GenerationOptions()
                options.format = .jsonSchema(item.schema)
                options.temperature = 0.8
                // It would say the same again and again.
                options.frequencyPenalty = 0.3
                options.seed = UInt32(number)
                // What is proposed depends on how fast the machine is just then, and may tip what is drawn.
                options.allowsSpeculation = false
                options.maxTokens = tokenLimit
                let stream = model.generate(prompt, options: options)
                group.addTask { (item, try await stream.outcome().result) }
            }
            for try await next in group { results.append(next) }
            return results
        }
        await model.unload()
        return results
    }
}

/// A line of `python/schemas.json`. The schema is kept as its text: the order of its properties matters.
struct SchemaCase: Sendable {
    var name: String
    var schema: String

    static func all() throws -> [SchemaCase] {
        let file = SchemaValidator.folder.appending(path: "schemas.json")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            guard let start = line.range(of: #", "schema": "#), let end = line.lastIndex(of: "}"),
                let name = line[..<start.lowerBound].split(separator: "\"").last
            else { return nil }
            return SchemaCase(name: String(name), schema: String(line[start.upperBound..<end]))
        }
    }
}

/// `python/validate.py` with the interpreter of `ROOST_TEST_PYTHON_SCHEMA`.
enum SchemaValidator {
    static let python = ProcessInfo.processInfo.environment["ROOST_TEST_PYTHON_SCHEMA"].flatMap {
        $0.isEmpty ? nil : URL(fileURLWithPath: $0)
    }
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "python")

    /// What the validator says of outputs that are wrong; empty when none is.
    static func complaints(_ outputs: [(SchemaCase, String)]) async throws -> String {
        let lines = try outputs.map { item, output in
            let name = String(decoding: try JSONEncoder().encode(item.name), as: UTF8.self)
            let text = String(decoding: try JSONEncoder().encode(output), as: UTF8.self)
            return #"{"name":\#(name),"schema":\#(item.schema),"output":\#(text)}"# + "\n"
        }
        let input = FileManager.default.temporaryDirectory.appending(path: "roost-schemas-\(UUID().uuidString)")
        try Data(lines.joined().utf8).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try run(input) }) }
            thread.start()
        }
    }

    private static func run(_ input: URL) throws -> String {
        let process = Process()
        process.executableURL = python
        process.arguments = ["-B", folder.appending(path: "validate.py").path]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONUTF8": "1"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0, text.isEmpty {
            return "the validator ended with \(process.terminationStatus)"
        }
        return text
    }
}
