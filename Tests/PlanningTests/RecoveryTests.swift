import Foundation
import Inference
import Planning
import Testing

@Suite struct RecoveryTests {
    private func failed(_ length: Int, graphics: Int? = 0) -> LoadOptions {
        var options = LoadOptions()
        options.contextLength = length
        options.gpuLayerCount = graphics
        return options
    }

    @Test func whatCostsNothingComesFirstAndQualityLater() throws {
        let geometry = try Shapes.geometry("llama-8b")
        let machine = try PlannedMachine(parsing: "rtx 3060, 32GB ram")
        let steps = RecoverySteps(after: failed(8192, graphics: nil), of: geometry, on: machine, request: PlanRequest())
            .steps(
                alternatives: [
                    ModelAlternative(
                        name: "llama:8b-q3", quantization: "Q3_K_M", byteCount: 4 << 30, isSameModel: true),
                    ModelAlternative(name: "llama:8b-f16", quantization: "F16", byteCount: 16 << 30, isSameModel: true),
                    ModelAlternative(name: "llama:1b", byteCount: 1 << 30, isSameModel: false),
                ])
        let kinds = steps.map(\.kind)
        #expect(kinds.first == .fewerRequests)
        let order: [RecoveryStep.Kind] = [
            .fewerRequests, .shorterContext, .withoutSpeculation, .quantizedCache, .expertsOnProcessor,
            .fewerGraphicsLayers, .processor,
            .smallerQuantization, .smallerModel,
        ]
        let places = kinds.compactMap { order.firstIndex(of: $0) }
        #expect(places == places.sorted())
        #expect(kinds.contains(.quantizedCache) && kinds.contains(.processor))
        #expect(steps.compactMap(\.alternative).map(\.name) == ["llama:8b-q3", "llama:1b"])
        for step in steps {
            #expect(step.sentence.hasSuffix("."))
            #expect(step.options != nil || step.alternative != nil)
            if step.kind == .quantizedCache || step.alternative != nil { #expect(step.changesQuality) }
            if step.alternative != nil { #expect(!step.isAutomatic) }
        }
    }

    @Test func noStepButTheCacheChangesQualityOfTheSameModel() throws {
        let machine = try PlannedMachine(parsing: "rtx 3060, 32GB ram")
        let steps = RecoverySteps(
            after: failed(8192, graphics: nil), of: try Shapes.geometry("mixtral-8x7b"), on: machine,
            request: PlanRequest()
        ).steps()
        for step in steps where step.kind != .quantizedCache {
            #expect(!step.changesQuality)
            #expect(step.options?.keyCacheType == .f16 && step.options?.valueCacheType == .f16)
        }
    }

    @Test func whatWasAskedForIsNotChangedWithoutAsking() throws {
        var request = PlanRequest(contextLength: 8192, parallelRequestCount: 4)
        request.keyCacheType = .f16
        request.gpuLayerCount = 20
        let machine = try PlannedMachine(parsing: "rtx 3060, 32GB ram")
        let steps = RecoverySteps(
            after: failed(8192, graphics: 20), of: try Shapes.geometry("llama-8b"), on: machine, request: request
        ).steps()
        #expect(!steps.isEmpty)
        #expect(steps.allSatisfy { !$0.isAutomatic || $0.kind == .withoutSpeculation })
        #expect(!steps.contains { $0.kind == .quantizedCache || $0.kind == .fewerRequests })
    }

    @Test func whatLoadOptionsFixIsNotChangedWithoutAskingEither() throws {
        let machine = try PlannedMachine(parsing: "rtx 3060, 32GB ram")
        let asked = failed(8192, graphics: 20)
        let steps = RecoverySteps(
            after: asked, of: try Shapes.geometry("llama-8b"), on: machine, request: PlanRequest(others: asked)
        ).steps()
        for kind in [RecoveryStep.Kind.shorterContext, .fewerGraphicsLayers, .processor] {
            let some = steps.filter { $0.kind == kind }
            #expect(!some.isEmpty && some.allSatisfy { !$0.isAutomatic }, "\(kind)")
        }
    }

    @Test func whatAStepTakesIsCountedOnTheGPUsThatItUses() throws {
        let machine = try PlannedMachine(parsing: "2x24GB gpu, 64GB ram")
        var options = failed(8192, graphics: nil)
        options.devices = ["GPU1"]
        let steps = RecoverySteps(
            after: options, of: try Shapes.geometry("llama-8b"), on: machine, request: PlanRequest(others: options)
        ).steps()
        for step in steps where step.kind == .shorterContext {
            #expect(step.memory?.devices.map(\.device) == ["CPU", "GPU1"])
        }
        #expect(steps.contains { $0.kind == .shorterContext })
    }

    @Test(arguments: ModelShape.names)
    func eachStepNeedsLess(name: String) throws {
        let geometry = try Shapes.geometry(name)
        let machine = try PlannedMachine(parsing: "64GB ram, 8 cores")
        let form = ClosedForm(geometry, repacking: machine.repacking)
        func total(_ options: LoadOptions) -> Int64 {
            let estimate = form.estimate(options)
            return estimate.host.totalByteCount + estimate.outputByteCount
        }
        let options = failed(8192)
        for step in RecoverySteps(after: options, of: geometry, on: machine, request: PlanRequest()).steps() {
            let changed = try #require(step.options)
            #expect(total(changed) < total(options), "\(step.sentence)")
        }
    }
}
