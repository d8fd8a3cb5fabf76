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
        #expect(plain.advice.isEmpty)
        #expect(quantized.advice.count == 1)
        #expect(quantized.advice.first?.contains("q8_0 instead of f16") == true, "\(quantized.advice)")
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

    @Test func whatLoadOptionsFixIsAskedForToo() async throws {
        var options = LoadOptions()
        (options.contextLength, options.threadCount, options.gpuLayerCount) = (3000, 3, 10)
        (options.keyCacheType, options.memoryMap, options.flashAttention) = (.f32, false, .on)
        let plan = try await plan("llama-8b", on: "2x24GB gpu, 64GB ram", PlanRequest(others: options))
        #expect(plan.options.contextLength == 3000 && plan.options.threadCount == 3)
        #expect(plan.options.gpuLayerCount == 10 && !plan.options.memoryMap && plan.options.flashAttention == .on)
        #expect(plan.options.keyCacheType == .f32)
        for setting in ["context", "threads", "GPU layers", "KV cache", "memory map", "flash attention"] {
            let reason = plan.choices.first { $0.setting == setting }?.reason
            #expect(reason == "You asked for it.", "\(setting)")
        }
        options = LoadOptions()
        (options.expertLayersOnProcessor, options.tensorSplit) = (5, [3, 1])
        let shared = try await self.plan("mixtral-8x7b", on: "2x24GB gpu, 64GB ram", PlanRequest(others: options))
        #expect(shared.options.expertLayersOnProcessor == 5 && shared.options.tensorSplit == [3, 1])
        options = LoadOptions()
        options.gpuLayerCount = 0
        options.parallelRequestCount = 6
        let alone = try await self.plan("llama-8b", on: "24GB gpu, 64GB ram", PlanRequest(others: options))
        #expect(alone.options.gpuLayerCount == 0 && alone.options.parallelRequestCount == 6)
        for setting in ["GPU layers", "parallel requests"] {
            #expect(alone.choices.first { $0.setting == setting }?.reason == "You asked for it.", "\(setting)")
        }
    }

    @Test func aCacheTypeThatWasChosenIsNotChangedForRoom() async throws {
        var options = LoadOptions()
        (options.contextLength, options.keyCacheType, options.valueCacheType) = (32768, .f32, .f32)
        let plan = try await plan("llama-8b", on: "10GB ram", PlanRequest(others: options))
        #expect(!plan.fits && plan.options.keyCacheType == .f32)
    }

    @Test func quantizedValuesAreNeverPlannedWithoutFlashAttention() async throws {
        // Measured to be slower is no reason against a context that was asked for.
        var request = PlanRequest(contextLength: 32768)
        request.tuning = TunedSettings(flashAttention: .off)
        let tuned = try await plan("llama-8b", on: "10GB ram", request)
        #expect(tuned.fits && tuned.options.valueCacheType == .q8_0 && tuned.options.flashAttention == .auto)
        let plenty = try await plan("llama-8b", on: "32GB ram", request)
        #expect(plenty.options.valueCacheType == .f16 && plenty.options.flashAttention == .off)
        // A person's word is.
        var options = LoadOptions()
        (options.contextLength, options.flashAttention) = (32768, .off)
        let asked = try await plan("llama-8b", on: "10GB ram", PlanRequest(others: options))
        #expect(!asked.fits && asked.options.valueCacheType == .f16 && asked.options.flashAttention == .off)
        var both = PlanRequest(others: options)
        both.valueCacheType = .q8_0
        await #expect(throws: PlanningError.self) { try await plan("llama-8b", on: "64GB ram", both) }
    }

    @Test func aShareOfAnySizeIsExplained() async throws {
        var request = PlanRequest()
        request.tensorSplit = [1e19, 1]
        let plan = try await plan("llama-8b", on: "2x24GB gpu, 64GB ram", request)
        #expect(plan.choices.contains { $0.setting == "tensor split" && $0.value == "1e+19 : 1" })
    }

    @Test func aProjectorAndADraftNeedRoomToo() async throws {
        let geometry = try Shapes.geometry("llama-8b")
        let chooser = SettingsChooser(machine: try PlannedMachine(parsing: "32GB ram"))
        var headers = ModelHeaderSet(weights: [
            ModelHeaderFile(bytes: Data(), fileByteCount: geometry.weightByteCount)
        ])
        let plain = try await chooser.plan(headers: headers, geometry: geometry)
        headers.projector = ModelHeaderFile(bytes: Data(), fileByteCount: 1 << 30)
        let seeing = try await chooser.plan(headers: headers, geometry: geometry)
        #expect(seeing.memory.projectorByteCount == 1 << 30)
        #expect(seeing.neededByteCount == plain.neededByteCount + (1 << 30))
        headers.draft = ModelHeaderFile(bytes: Data(), fileByteCount: 2 << 30)
        let drafted = try await chooser.plan(headers: headers, geometry: geometry)
        #expect(drafted.neededByteCount == seeing.neededByteCount + (2 << 30))
        var request = PlanRequest()
        request.others.speculation = false
        let without = try await chooser.plan(headers: headers, geometry: geometry, request: request)
        #expect(without.neededByteCount <= seeing.neededByteCount)
    }

    @Test func measuredSettingsGoBeforeTheRules() async throws {
        var request = PlanRequest()
        request.tuning = TunedSettings(threadCount: 5, batchThreadCount: 6, microBatchSize: 1024)
        let plan = try await plan("llama-8b", on: "32GB ram, 8 cores", request)
        #expect(
            plan.options.threadCount == 5 && plan.options.batchThreadCount == 6 && plan.options.microBatchSize == 1024)
        // But not before what a person chose.
        request.others.threadCount = 2
        let chosen = try await self.plan("llama-8b", on: "32GB ram, 8 cores", request)
        #expect(chosen.options.threadCount == 2 && chosen.options.batchThreadCount == nil)
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
        #expect(near.advice.last?.contains("such as") == true, "\(near.advice)")
    }

    @Test func speculationGoesBeforeAModelIsRefused() async throws {
        let geometry = try Shapes.geometry("gemma3-1b")
        let form = ClosedForm(geometry)
        var options = LoadOptions()
        (options.contextLength, options.parallelRequestCount) = (512, 1)
        let needed = { (options: LoadOptions) -> Int64 in
            let estimate = form.estimate(options)
            return estimate.host.totalByteCount + estimate.outputByteCount + estimate.overheadByteCount
        }
        let with = needed(options)
        options.speculation = false
        let without = needed(options)
        #expect(without < with)
        let machine = PlannedMachine(memoryByteCount: (with + without) / 2, threadCount: 4)
        let plan = try await SettingsChooser(machine: machine).plan(geometry: geometry)
        #expect(plan.fits && !plan.options.speculation)
        #expect(plan.choices.contains { $0.setting == "speculation" && $0.value == "off" })
    }

    @Test func adviceNamesNoQuantizationOfAsManyBits() async throws {
        for name in ModelShape.names {
            var geometry = try Shapes.geometry(name)
            for (quantization, larger) in [
                ("Q4_K_M", ["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M"]), ("Q8_0", ["F16", "Q8_0"]),
            ] {
                geometry.quantization = quantization
                for part in [0.5, 0.7, 0.9] {
                    let machine = PlannedMachine(
                        memoryByteCount: Int64(Double(geometry.weightByteCount) * part), threadCount: 4)
                    let plan = try await SettingsChooser(machine: machine).plan(geometry: geometry)
                    let last = try #require(plan.advice.last)
                    #expect(!larger.contains { last.contains("such as \($0) ") }, "\(name): \(last)")
                    #expect(!last.contains("context"), "nobody asked for one")
                }
            }
        }
    }
}
