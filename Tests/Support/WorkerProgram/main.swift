import Foundation
import Inference
import Workers

// `worker VERSION`: a worker. `old-kernel VERSION`: one on a kernel without Landlock. `parent PROGRAM MODEL`: loads a model into one, prints its process id, streams for ever.
// `crowd`: many threads in a locked process. `liar KIND`: greets as a worker does, and then breaks its word.
let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "worker" where arguments.count == 3: WorkerMain.run(version: arguments[2])
#if os(Linux)
    case "old-kernel" where arguments.count == 3:
        OldKernel.pretend()
        WorkerMain.run(version: arguments[2])
    case "crowd" where arguments.count == 2: Crowd.run()
#endif
case "parent" where arguments.count == 4:
    let (program, model) = (arguments[2], arguments[3])
    Task {
        do {
            var worker = WorkerProgram(executable: URL(fileURLWithPath: program), version: "test")
            worker.arguments = ["worker", "test"]
            let loaded = try await WorkerLauncher(worker).start(
                ModelFileSet(URL(fileURLWithPath: model)), name: "model")
            var options = GenerationOptions.greedy
            options.ignoreEndOfGeneration = true
            var line = "\(loaded.activity.processIdentifier ?? 0)\n"
            while true {
                for try await event in loaded.generate("Once upon a time", options: options) {
                    if case .delta = event, !line.isEmpty {
                        FileHandle.standardOutput.write(Data(line.utf8))
                        line = ""
                    }
                }
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }
    dispatchMain()
case "liar" where arguments.count == 3: Liar.run(arguments[2])
default: exit(64)
}
