import Foundation
import Inference
import ModelFixtures
import Testing
import Workers

@testable import Roost

@Suite("What a model will take, told by its header")
struct HeaderForecastTests {
    private func compare(_ url: URL, _ options: LoadOptions, atMost factor: Double) async throws {
        let files = ModelFileSet(url)
        let forecast = try #require(await HeaderForecast().memory(of: files, options: options))
        let model = try await LoadedModel.load(files, options: options)
        await model.unload()
        // A forecast that is too small would let the machine run out of memory.
        #expect(forecast.contextByteCount >= model.memory.contextByteCount)
        #expect(forecast.totalByteCount >= model.memory.totalByteCount)
        #expect(Double(forecast.totalByteCount) <= factor * Double(model.memory.totalByteCount))
    }

    @Test(
        "A real model's forecast is no less than what it takes, and not twice as much",
        .enabled(if: ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"] != nil), arguments: [2048, 8192])
    func real(contextLength: Int) async throws {
        let path = try #require(ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"])
        var options = LoadOptions()
        options.threadCount = 1
        options.contextLength = contextLength
        try await compare(URL(fileURLWithPath: path), options, atMost: 2)
    }

    @Test("A longer context and a wider cache are counted")
    func grows() async throws {
        let file = try TinyModelFile(.llama())
        func context(_ change: (inout LoadOptions) -> Void) async throws -> Int64 {
            var options = LoadOptions()
            options.contextLength = 1024
            change(&options)
            return try #require(await HeaderForecast().memory(of: ModelFileSet(file.url), options: options))
                .contextByteCount
        }
        let plain = try await context { _ in }
        #expect(plain > 0)
        #expect(try await context { $0.contextLength = 4096 } == 4 * plain)
        #expect(try await context { $0.cacheTokenCount = 2048 } == 2 * plain)
        #expect(
            try await context {
                $0.keyCacheType = .f32
                $0.valueCacheType = .f32
            } == 2 * plain)
    }

    @Test("What cannot be read has no forecast")
    func unreadable() async {
        let files = ModelFileSet(URL(fileURLWithPath: "/nowhere/model.gguf"))
        #expect(await HeaderForecast().memory(of: files, options: LoadOptions()) == nil)
    }
}
