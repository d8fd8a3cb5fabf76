import Foundation
import Inference

/// The program that runs.
enum ThisProgram {
    /// Its file.
    ///
    /// - Throws: `InferenceError.workerFailed` where the system does not say.
    static func url() throws -> URL {
        guard let path = Bundle.main.executablePath else {
            throw InferenceError.workerFailed(reason: "the system does not say where this program is")
        }
        return URL(fileURLWithPath: path).resolvingSymlinksInPath()
    }
}
