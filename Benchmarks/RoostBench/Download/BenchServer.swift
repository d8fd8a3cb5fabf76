import Foundation
import Security

/// The file's server, in a process of its own. It ends with this one.
final class BenchServer {
    /// What happened since the server was last asked.
    struct Statistics: Codable {
        var connections: Int
        var requests: Int
        var resets: Int
        var sentByteCount: Int64
        /// Nanoseconds of the system's monotonic clock at which the last byte was given to the system.
        var lastByteAt: UInt64
    }

    let url: URL
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(program: URL, file: PseudorandomFile, setting: DownloadSetting) throws {
        process.executableURL = program
        process.arguments = ["--file", file.url.path, "--digest", file.digest.hexadecimal] + setting.serverArguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)),
            let url = URL(string: "http://127.0.0.1:\(port)")
        else { throw BenchError(description: "\(program.path) did not start; its message is above.") }
        self.url = url
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    func statistics() throws -> Statistics {
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        return try JSONDecoder().decode(Statistics.self, from: output.fileHandleForReading.availableData)
    }
}
