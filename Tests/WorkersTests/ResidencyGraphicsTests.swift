import EngineFixtures
import Foundation
import Hardware
import Inference
import ModelFixtures
import Synchronization
import Testing

@testable import Workers

/// Much on a GPU with its own memory, little on the host, and what it was told of room.
private final class GraphicsPlanner: LoadPlanner {
    let rooms = Mutex<[LoadRoom]>([])

    func plan(_ request: ModelRequest, room: LoadRoom) async -> LoadPlan {
        rooms.withLock { $0.append(room) }
        return LoadPlan(
            options: request.options ?? request.defaultOptions,
            estimate: MemoryEstimate(
                devices: [
                    DeviceMemory(device: "CPU", isHost: true, weightsByteCount: 1000),
                    DeviceMemory(device: "iGPU", isHost: false, weightsByteCount: 2000),
                    DeviceMemory(device: "GPU", isHost: false, weightsByteCount: 1 << 40),
                ], mappedByteCount: 0, repackedByteCount: 0, outputByteCount: 100, overheadByteCount: 200),
            ownMemoryDevices: ["GPU"])
    }
}

@Suite("Room for models on GPUs")
struct ResidencyGraphicsTests {
    @Test("What lies in a GPU's own memory takes no room, what a GPU shares with the host does")
    func graphics() async throws {
        let file = try TinyModelFile(.llama())
        let request = ModelRequest(key: "a", name: "a", files: ModelFileSet(file.url))
        let planner = GraphicsPlanner()
        let residency = ModelResidency(budget: MemoryBudget(.bytes(3300)), planner: planner)
        try await residency.load(request)
        #expect(planner.rooms.withLock { $0.last?.availableByteCount } == 3300)
        await residency.close()

        let small = ModelResidency(budget: MemoryBudget(.bytes(3299)), planner: GraphicsPlanner())
        await #expect(
            throws: InferenceError.noRoom(
                model: "a", neededByteCount: 3300, availableByteCount: 3299, modelLimit: nil, holders: [])
        ) { try await small.load(request) }
        await small.close()
    }

    @Test("What models that may go have on GPUs is room for others, what pinned ones have is not")
    func freed() async throws {
        let fixture = try ProcessFixture(["liar", "graphics"]) { $0.unloadLimit = .milliseconds(100) }
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let planner = GraphicsPlanner()
        let residency = ModelResidency(launcher: fixture.launcher, planner: planner)
        for (key, freed) in [("a", [:]), ("b", [:]), ("c", ["GPU0": 5000])] as [(String, [String: Int64])] {
            try await residency.load(
                ModelRequest(key: key, name: key, files: ModelFileSet(file.url)), pinning: key == "a")
            #expect(planner.rooms.withLock { $0.last?.freedByteCounts } == freed)
        }
        #expect(await residency.room().freedByteCounts == ["GPU0": 15_000])
        await residency.close()
    }

    @Test("Of a loaded model only what is not in a GPU's own memory counts")
    func loadedGraphics() {
        let memory = ModelMemory([
            DeviceMemory(device: "CPU", isHost: true, weightsByteCount: 1, contextByteCount: 2, computeByteCount: 3),
            DeviceMemory(
                device: "GPU", isHost: false, weightsByteCount: 10, contextByteCount: 20, computeByteCount: 30),
            DeviceMemory(device: "iGPU", isHost: false, contextByteCount: 100),
        ])
        let own = memory.without(["GPU"])
        #expect(own.weightsByteCount == 1 && own.contextByteCount == 102 && own.computeByteCount == 3)
        #expect(own.devices.map(\.device) == ["CPU", "iGPU"])
    }
}
