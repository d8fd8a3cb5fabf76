import EngineFixtures
import Foundation
import Inference
import Testing

/// 200 JSON schemas on the real model, judged by the Python package `jsonschema`.
@Suite(
    "JSON schemas with a real model",
    .enabled(if: TestEnvironment.model != nil && SchemaValidator.python != nil, "no model, or no Python for schemas"))
struct SchemaOutputTests {
    @Test("Every finished output of 200 schemas validates, and most are finished")
    func validates() async throws {
        let cases = try SchemaCase.all()
        try #require(cases.count == 200)
        var load = LoadOptions()
        load.contextLength = 512
        // Threads that wait for each other would crawl beside other tests.
        load.threadCount = 1
        let model = try await LoadedModel.load(at: try #require(TestEnvironment.model), options: load)
        var finished: [(SchemaCase, String)] = []
        var cut: [String] = []
        for (index, item) in cases.enumerated() {
            var options = GenerationOptions()
            options.format = .jsonSchema(item.schema)
            options.temperature = 0.8
            options.seed = UInt32(index)
            options.maxTokens = 96
            let result = try await model.generate("An example in JSON:\n", options: options).outcome().result
            switch result.finishReason {
            case .stop: finished.append((item, result.text))
            case .length, .toolCalls: cut.append("\(item.name): \(result.text)")
            }
        }
        await model.unload()
        let complaints = try await SchemaValidator.complaints(finished)
        #expect(complaints == "", "of \(finished.count) finished outputs")
        #expect(finished.count >= 150, "\(cut.count) were cut off: \(cut.joined(separator: "\n"))")
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
