import Foundation
import HubSimulator
import Testing

/// The Python package `huggingface_hub`, at the interpreter of `ROOST_TEST_PYTHON_HUB`.
enum RealHubClient {
    static var python: String? {
        ProcessInfo.processInfo.environment["ROOST_TEST_PYTHON_HUB"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Downloads a file of `folder/repositories` into the cache at `folder/huggingface`; the cache's regular file.
    static func downloaded(_ repository: String, _ file: String, folder: URL) async throws -> URL {
        let python = try #require(python)
        var settings = HubServer.Settings()
        settings.repositories = folder.path + "/repositories"
        settings.hasStorage = true
        return try await HubServer.run(settings) { server in
            let address = server.hub.address
            return try await BuiltProgram.onThread {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: python)
                process.arguments = [
                    "-c", "import sys, huggingface_hub as h; print(h.hf_hub_download(sys.argv[1], sys.argv[2]))",
                    repository, file,
                ]
                process.environment = [
                    "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path,
                    "HF_HOME": folder.path + "/huggingface", "HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1",
                    "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1",
                ]
                let output = Pipe()
                process.standardOutput = output
                try process.run()
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                try #require(process.terminationStatus == 0)
                let link = URL(fileURLWithPath: text.trimmingCharacters(in: .whitespacesAndNewlines))
                return link.resolvingSymlinksInPath()
            }
        }
    }
}
