import Foundation

/// A command's run under `ProcessMeter`.
struct MeteredRun: Codable {
    /// From the start to the end of the process, verification included.
    var seconds: Double
    /// Of the process and its children.
    var userSeconds: Double
    var systemSeconds: Double
    /// The largest process's largest resident memory.
    var peakByteCount: Int64
    /// 0 when it ended well.
    var status: Int32
    /// Whether it was ended because it took too long.
    var isOverdue: Bool

    var cpuSeconds: Double { userSeconds + systemSeconds }

    /// Runs a command; also gives what it wrote to its standard output and its standard error.
    static func run(
        _ command: [String], environment: [String: String], meter: URL, timeLimit: Int, report: URL
    ) throws -> (run: MeteredRun, output: Data, messages: String) {
        let process = Process()
        process.executableURL = meter
        process.arguments = [report.path, "\(timeLimit)"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        let messages = report.appendingPathExtension("messages")
        guard FileManager.default.createFile(atPath: messages.path, contents: nil) else {
            throw BenchError(description: "The file \(messages.path) could not be made.")
        }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: messages)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let said = String(decoding: (try? Data(contentsOf: messages)) ?? Data(), as: UTF8.self)
        guard let run = try? JSONDecoder().decode(MeteredRun.self, from: Data(contentsOf: report)) else {
            throw BenchError(description: "\(command[0]) could not be measured. \(said)")
        }
        return (run, data, said)
    }
}
