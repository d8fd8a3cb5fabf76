import Foundation
import Inference
import Planning
import Testing

@Suite struct SettingsChooserTests {
    private func plan(_ name: String, on text: String, _ request: PlanRequest = PlanRequest()) async throws -> ModelPlan
    {
        try await SettingsChooser(machine: PlannedMachine(parsing: text))
            .plan(geometry: Shapes.geometry(name), request: request)
    }

    // MARK: What holds for all

    @Test(arguments: ModelShape.names)
    func plansNeverExceedTheMachine(name: String) async throws {
        for text in describedMachines {
            let machine = try PlannedMachine(parsing: text)
            for length in [nil, 4096, 65536] {
                let plan = try await plan(name, on: text, PlanRequest(contextLength: length))
                guard plan.fits else {
                    #expect(!plan.advice.isEmpty, "\(name) on \(text)")
                    continue
                }
                let host = plan.memory.host.totalByteCount + plan.memory.outputByteCount + plan.memory.overheadByteCount
                var shared: Int64 = 0
                for device in plan.memory.devices where !device.isHost {
                    let own = try #require(machine.graphics.first { $0.name == device.device })
                    #expect(device.totalByteCount <= own.memoryByteCount, "\(name) on \(text)")
                    if own.sharesSystemMemory { shared += device.totalByteCount }
                }
                #expect(host + shared <= machine.memoryByteCount, "\(name) on \(text)")
                #expect(plan.neededByteCount == host + shared)
                if let length, plan.memory.devices.first?.contextByteCount != 0 {
                    #expect(plan.options.contextLength == length)
                }
            }
        }
    }

    @Test(arguments: ["llama-8b", "gemma3-27b", "jamba-mini", "deepseek2-lite", "mamba-2.8b", "qwen3moe-30b"])
    func memoryGrowsWithContextAndRequests(name: String) throws {
        let form = ClosedForm(try Shapes.geometry(name))
        func total(_ length: Int, _ parallel: Int) -> Int64 {
            var options = LoadOptions()
            (options.contextLength, options.parallelRequestCount) = (length, parallel)
            let estimate = form.estimate(options)
            return estimate.host.totalByteCount + estimate.outputByteCount + estimate.overheadByteCount
        }
        for parallel in [1, 2, 4, 8, 32] {
            var before: Int64 = 0
            for length in stride(from: 512, through: 131_072, by: 4096) {
                let now = total(length, parallel)
                #expect(now >= before)
                before = now
            }
        }
        for length in [2048, 32768] {
            let counts = [1, 2, 3, 4, 8, 16, 32, 64].map { total(length, $0) }
            #expect(counts == counts.sorted())
        }
    }

    @Test(arguments: ["llama-8b", "mixtral-8x7b", "gemma3-27b", "qwen3moe-30b", "jamba-mini"])
    func moreMemoryNeverMakesAPlanWorse(name: String) async throws {
        func grade(_ plan: ModelPlan) -> (Int, Int, Int) {
            let graphics = plan.memory.devices.filter { !$0.isHost }.reduce(Int64(0)) { $0 + $1.weightsByteCount }
            return (plan.fits ? 1 : 0, plan.fits ? plan.contextLength : 0, plan.fits ? Int(graphics >> 20) : 0)
        }
        var last = (0, 0, 0)
        for ram in [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128] {
            let now = grade(try await plan(name, on: "\(ram)GB ram, 8 cores"))
            #expect(now.0 >= last.0 && now.1 >= last.1, "\(ram)")
            last = now
        }
        last = (0, 0, 0)
        for card in [2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 80] {
            let now = grade(try await plan(name, on: "\(card)GB gpu, 64GB ram"))
            // What is on the GPU may only shrink by what another batch of layers rounds off.
            #expect(now.0 >= last.0 && now.1 >= last.1 && now.2 + 600 >= last.2, "\(card): \(now) after \(last)")
            last = now
        }
    }

    // MARK: Placements

    @Test func aModelThatFitsIsOnTheGPUAsAWhole() async throws {
        let plan = try await plan("llama-8b", on: "rtx 4090, 64GB ram")
        #expect(plan.fits && !plan.isExact)
        #expect(plan.options.gpuLayerCount == 33)
        #expect(plan.options.tensorSplit == nil && plan.options.expertLayersOnProcessor == nil)
        #expect(plan.options.contextLength == 8192)
        #expect(plan.options.keyCacheType == .f16)
        #expect(plan.advice.isEmpty)
    }

    @Test func expertsStayWithTheProcessorWhereTheyDoNotFit() async throws {
        let plan = try await plan("mixtral-8x7b", on: "12GB gpu, 64GB ram")
        #expect(plan.fits)
        #expect(plan.options.gpuLayerCount == 33)
        let left = try #require(plan.options.expertLayersOnProcessor)
        #expect((1...32).contains(left))
        // One layer more on the GPU would be too much.
        var more = plan.options
        more.expertLayersOnProcessor = left - 1
        let form = ClosedForm(try Shapes.geometry("mixtral-8x7b"))
        let estimate = form.estimate(more, graphics: ["GPU0"])
        #expect(estimate.devices[1].totalByteCount > 12 << 30 - 512 << 20)
    }

    @Test func asManyLayersAsFitGoToASmallGPU() async throws {
        let plan = try await plan("llama-70b", on: "24GB gpu, 64GB ram")
        #expect(plan.fits)
        let count = try #require(plan.options.gpuLayerCount)
        #expect((20...60).contains(count))
        var more = plan.options
        more.gpuLayerCount = count + 1
        let estimate = ClosedForm(try Shapes.geometry("llama-70b")).estimate(more, graphics: ["GPU0"])
        #expect(estimate.devices[1].totalByteCount > 24 << 30 - 512 << 20)
    }

    @Test func severalGPUsShareWholeLayers() async throws {
        let plan = try await plan("llama-70b", on: "2x24GB gpu, 64GB ram")
        #expect(plan.fits)
        if plan.options.gpuLayerCount == 81 {
            let split = try #require(plan.options.tensorSplit)
            #expect(split.reduce(0, +) == 81)
            #expect(split.allSatisfy { $0 == $0.rounded() && $0 > 30 })
        }
        let one = try await self.plan("llama-8b", on: "2x24GB gpu, 64GB ram")
        #expect(one.options.devices == ["GPU0"], "one GPU does")
        let uneven = try await self.plan("gemma3-27b", on: "16GB gpu, 8GB gpu, 64GB ram")
        #expect(uneven.fits)
        if let split = uneven.options.tensorSplit { #expect(split[0] > split[1]) }
    }

    @Test func graphicsAreLeftAloneWhenTheConfigurationSaysSo() async throws {
        var machine = try PlannedMachine(parsing: "rtx 4090, 64GB ram")
        machine.prefersGraphics = false
        let plan = try await SettingsChooser(machine: machine).plan(geometry: Shapes.geometry("llama-8b"))
        #expect(plan.options.gpuLayerCount == 0)
        #expect(plan.memory.devices.count == 1)
        #expect(plan.choices.contains { $0.setting == "GPU layers" && $0.reason.contains("prefer_gpu") })
    }

    // MARK: Context and cache

    @Test func theContextShrinksToWhatFits() async throws {
        let plan = try await plan("llama2-7b", on: "7GB ram, 4 cores")
        #expect(plan.fits)
        let length = try #require(plan.options.contextLength)
        #expect((512..<4096).contains(length) && length.isMultiple(of: 256))
        #expect(plan.options.keyCacheType == .f16, "quality is not given for what nobody asked for")
        #expect(plan.advice.contains { $0.contains("instead of 4096") })
    }

    @Test func aQuantizedCacheBuysTheContextThatWasAskedFor() async throws {
        let geometry = try Shapes.geometry("llama-8b")
        let plain = try await plan("llama-8b", on: "16GB ram", PlanRequest(contextLength: 32768))
        #expect(plain.fits && plain.options.keyCacheType == .f16)
        let quantized = try await plan("llama-8b", on: "10GB ram", PlanRequest(contextLength: 32768))
        #expect(quantized.fits && quantized.options.keyCacheType == .q8_0 && quantized.options.valueCacheType == .q8_0)
        #expect(quantized.choices.contains { $0.setting == "KV cache" && $0.reason.contains("answers may differ") })
        #expect(geometry.allows(.q8_0))
        var request = PlanRequest(contextLength: 32768)
        request.keyCacheType = .f16
        let fixed = try await plan("llama-8b", on: "10GB ram", request)
        #expect(!fixed.fits && fixed.options.keyCacheType == .f16)
        #expect(fixed.advice.contains { $0.contains("context of") })
    }

    @Test func whatIsAskedForStays() async throws {
        var request = PlanRequest(contextLength: 3000, parallelRequestCount: 7)
        request.threadCount = 3
        request.microBatchSize = 256
        request.gpuLayerCount = 10
        request.memoryMap = false
        request.flashAttention = .on
        let plan = try await plan("llama-8b", on: "rtx 4090, 64GB ram", request)
        #expect(plan.options.contextLength == 3000 && plan.options.parallelRequestCount == 7)
        #expect(plan.options.threadCount == 3 && plan.options.microBatchSize == 256)
        #expect(plan.options.gpuLayerCount == 10 && !plan.options.memoryMap && plan.options.flashAttention == .on)
        #expect(plan.choices.filter { $0.reason == "You asked for it." }.count >= 7)
    }

    @Test func measuredSettingsGoBeforeTheRules() async throws {
        var request = PlanRequest()
        request.tuning = TunedSettings(threadCount: 5, batchThreadCount: 6, microBatchSize: 1024)
        let plan = try await plan("llama-8b", on: "32GB ram, 8 cores", request)
        #expect(
            plan.options.threadCount == 5 && plan.options.batchThreadCount == 6 && plan.options.microBatchSize == 1024)
    }

    @Test func everyChoiceHasAReason() async throws {
        let plan = try await plan("mixtral-8x7b", on: "12GB gpu, 64GB ram")
        #expect(plan.choices.count >= 8)
        #expect(plan.choices.allSatisfy { $0.reason.hasSuffix(".") && !$0.value.isEmpty })
        let copy = try JSONDecoder().decode(ModelPlan.self, from: JSONEncoder().encode(plan))
        #expect(copy == plan)
    }

    @Test(arguments: [("context length", 0), ("parallel", 0), ("parallel", 999), ("threads", 0)])
    func impossibleSettingsAreRefused(name: String, value: Int) async throws {
        var request = PlanRequest()
        switch name {
        case "context length": request.contextLength = value
        case "parallel": request.parallelRequestCount = value
        default: request.threadCount = value
        }
        await #expect(throws: PlanningError.self) { try await plan("llama-8b", on: "32GB ram", request) }
    }

    // MARK: Advice

    @Test func aModelFarTooLargeIsToldPlainly() async throws {
        let plan = try await plan("llama-70b", on: "8GB ram, 4 cores")
        #expect(!plan.fits)
        #expect(plan.advice.first?.hasPrefix("It needs ") == true)
        #expect(
            plan.advice.last?.contains("quantization") == true || plan.advice.last?.contains("fewer parameters") == true
        )
        let near = try await self.plan("llama-70b", on: "40GB ram, 16 cores")
        #expect(!near.fits)
        #expect(near.advice.last?.contains("such as Q") == true, "\(near.advice)")
    }
}
