import Foundation
import Roost
import Terminal

/// What `roost doctor` finds out about the machine.
extension Examination {
    static func health(_ configuration: RoostConfiguration) async -> [Finding] {
        let path = configuration.homeDirectory.nearestExistingFolder.path
        var warnings = await Machine.healthWarnings(diskPaths: [path])
        if let manager = try? await ModelManager(configuration: configuration) {
            warnings += (try? await manager.speedWarnings()) ?? []
            await manager.shutdown()
        }
        let found = warnings.map { warning in
            Finding(
                subject: warning.kind.rawValue, state: warning.severity == .problem ? .problem : .notice,
                message: warning.message, remedy: warning.remedy)
        }
        return found + quiet(await Machine.current(diskPaths: [path]), besides: Set(warnings.map(\.kind)))
    }

    /// What was looked at and is well, or could not be looked at.
    private static func quiet(_ machine: Machine, besides warned: Set<HealthWarning.Kind>) -> [Finding] {
        var findings: [Finding] = []
        if !warned.contains(.disk), let free = machine.disks.first?.freeByteCount {
            findings.append(
                Finding(subject: "disk", state: .good, message: "\(HumanReadable.bytes(free)) free."))
        }
        if warned.isDisjoint(with: [.temperature, .throttling]) {
            let hottest =
                machine.sensors.filter { $0.quantity == .temperature }.map(\.value)
                + machine.graphics.compactMap(\.temperature)
            findings.append(
                Finding(
                    subject: "temperature", state: .good,
                    message: hottest.max().map { "\(Int($0.rounded())) °C at most." }
                        ?? "unknown: this machine has no sensors that can be read."))
        }
        return findings
    }
}
