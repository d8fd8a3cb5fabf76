import Foundation
import LoopbackSockets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A device in a process of its own, at a free loopback address.
final class RemoteProcess {
    let endpoint: String
    private let address: LoopbackAddress
    private let process = Process()
    private let life = Pipe()

    init(byteCount: Int64) throws {
        address = try LoopbackAddress()
        endpoint = "\(address.host):\(address.port)"
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["device", endpoint, "\(byteCount)"]
        process.standardInput = life
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    /// Waits until something takes connections; false when the process ended.
    func isListening() -> Bool {
        while process.isRunning {
            if address.hasListener { return true }
            usleep(2000)
        }
        return false
    }

    /// Bytes of it in RAM; 0 where the system does not say.
    var residentByteCount: Int64 {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int64($0) }.map { $0 << 10 } ?? 0
    }
}
