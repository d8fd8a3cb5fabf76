import Foundation
import Roost
import RoostServer
import Terminal

/// What `roost doctor` finds out about models in memory.
extension Examination {
    static func memory(_ configuration: RoostConfiguration) -> Finding {
        guard let machine = UsableMemory.current() else {
            return Finding(
                subject: "memory", state: .notice, message: "This system does not say how much is left.",
                remedy: "Set max_ram_usage to what models may take.")
        }
        let limit =
            switch configuration.memoryLimit {
            case .available: "models may take what is left"
            case .bytes(let count): "models may take \(HumanReadable.bytes(count))"
            case .share(let share): "models may take \(Int((share * 100).rounded())) %"
            }
        return Finding(
            subject: "memory", state: .good,
            message: "\(HumanReadable.bytes(machine.availableByteCount)) left of "
                + "\(HumanReadable.bytes(machine.totalByteCount)); \(limit).")
    }

    static func isolation(_ configuration: RoostConfiguration) -> Finding {
        guard configuration.workerExecutable != nil else {
            return Finding(
                subject: "isolation", state: .notice,
                message: "Models run in Roost's own process: a hostile model file could do what you may do.",
                remedy: "Leave worker out of the settings, or run only models that you trust.")
        }
        guard !configuration.allowsUnsandboxed else {
            return Finding(
                subject: "isolation", state: .notice,
                message: "Models have processes of their own, but may run without a sandbox (allow_unsandboxed).",
                remedy: "Unset allow_unsandboxed unless you trust all models.")
        }
        return Finding(subject: "isolation", state: .good, message: "Each model has a sandboxed process of its own.")
    }

    static func server(for home: URL) async -> [Finding] {
        guard let client = await ServerClient.running(home: home) else {
            return [
                Finding(subject: "server", state: .good, message: "None runs; “roost run” loads models by itself.")
            ]
        }
        let loaded: ServerProcesses? = try? await client.json(.get, "/api/ps", timeout: .seconds(5))
        let exposed = (loaded?.models ?? []).filter { [.unsandboxed, .sandboxedWithGPU].contains($0.isolation) }
        return [
            Finding(
                subject: "server", state: .good,
                message: "Version \(client.server.version) at \(client.server.baseURL), process \(client.server.pid).")
        ]
            + exposed.map {
                Finding(
                    subject: "model \($0.name)", state: .notice,
                    message: $0.isolation == .unsandboxed
                        ? "It runs without a sandbox." : "Its sandbox is weaker, for it computes on a GPU.",
                    remedy: "Stop it with “roost stop \($0.name)” unless you trust it.")
            }
    }
}
