import Foundation
import HubSimulator
import ModelFixtures
import Security

/// A hub with a model of 70B parameters that is holes behind its header, and the programs that are to ask for it.
struct HollowHub {
    /// What the model is called there.
    static let name = "hf.co/maker/hollow-GGUF:Q4_K_M"

    let model: HollowModel
    let simulator: HuggingFaceSimulator
    let roost: BuiltProgram
    /// Runs another program and reports what it took.
    let meter: BuiltProgram

    /// Writes the model to `hollow.gguf` of the folder and serves it.
    static func run(in folder: URL, _ body: (HollowHub) async throws -> Void) async throws {
        let model = try HollowModel.llama70B()
        try model.write(to: folder.appending(path: "hollow.gguf"))
        // Nobody hashes gigabytes of holes: the digest stands for nothing.
        let file = SimulatedFile(
            "hollow-70B-Q4_K_M.gguf", .file(path: folder.path + "/hollow.gguf", byteCount: model.byteCount),
            digest: Digest.of([UInt8](folder.path.utf8)), isLarge: true)
        try await HuggingFaceSimulator.run([SimulatedRepository("maker/hollow-GGUF", files: [file])]) { simulator in
            var roost = try BuiltProgram(home: folder.appending(path: "home"))
            roost.environment = [
                "HOME": folder.path, "HF_HOME": folder.path + "/huggingface", "ROOST_OFFLINE": "0",
                "HF_ENDPOINT": simulator.hub.address, "ROOST_OLLAMA_REGISTRY": simulator.hub.address,
            ]
            var meter = try BuiltProgram("ProcessMeter", home: folder.appending(path: "home"))
            meter.environment = roost.environment
            try await body(HollowHub(model: model, simulator: simulator, roost: roost, meter: meter))
        }
    }
}
