import Foundation
import Inference

/// What the engine itself says that a load would take, on the CPU alone.
enum EngineFigures {
    struct NoFigures: Error {}

    static func estimates(of file: URL, _ options: [LoadOptions]) throws -> [MemoryEstimate] {
        let options = options.map { option in
            var option = option
            option.gpuLayerCount = 0
            return option
        }
        return try EngineEstimator.estimates(
            of: ModelFileSet(file), options: options, name: file.lastPathComponent, processByteCount: 32 << 20)
    }

    static func estimate(of file: URL, _ options: LoadOptions) throws -> MemoryEstimate {
        guard let estimate = try estimates(of: file, [options]).first else { throw NoFigures() }
        return estimate
    }
}
