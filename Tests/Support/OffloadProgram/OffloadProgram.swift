import Foundation
import Inference
import OffloadTrial
import RemoteDevices

/// `OffloadProgram device ENDPOINT BYTES` is a device; `OffloadProgram run` reads a trial in JSON from standard input,
/// makes it and prints what came of it.
@main
enum OffloadProgram {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "device":
            guard let endpoint = arguments.dropFirst().first, let limit = arguments.last.flatMap(UInt64.init) else {
                break
            }
            endWithInput()
            remote_device_serve(endpoint, limit, 1)
        case "run":
            let trial = try JSONDecoder().decode(
                OffloadTrial.self, from: FileHandle.standardInput.readToEnd() ?? Data())
            let outcome = try await TrialRun(trial).run()
            try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(outcome))
            exit(0)
        default: break
        }
        FileHandle.standardError.write(Data("OffloadProgram: nothing done for \(CommandLine.arguments)\n".utf8))
        exit(64)
    }

    /// A device goes with the process that made it, however that ends: it holds the other end.
    private static func endWithInput() {
        let thread = Thread {
            _ = try? FileHandle.standardInput.readToEnd()
            exit(0)
        }
        thread.start()
    }
}
