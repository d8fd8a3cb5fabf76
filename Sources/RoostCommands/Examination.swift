import Foundation
import Roost
import RoostServer
import Terminal

/// The checks of `roost doctor`.
enum Examination {
    /// All findings, in the order in which they are printed.
    static func run() async -> [Finding] {
        var findings = engine()
        let configuration: RoostConfiguration
        do {
            configuration = try .forCommands()
        } catch {
            findings.append(
                Finding(
                    subject: "settings", state: .problem, message: "\(error)",
                    remedy: "Correct or unset the environment variable."))
            return findings
        }
        findings += await store(in: configuration.homeDirectory)
        findings.append(memory(configuration))
        findings += await health(configuration)
        findings.append(isolation(configuration))
        findings.append(keys(configuration))
        findings += await server(for: configuration.homeDirectory)
        return findings
    }

    private static func engine() -> [Finding] {
        let devices = Engine.devices
        var findings = [Finding(subject: "engine", state: .good, message: "llama.cpp \(Engine.version)")]
        if devices.isEmpty {
            findings.append(
                Finding(
                    subject: "devices", state: .problem, message: "The engine finds no processor to compute on.",
                    remedy: "Build the engine again on this machine: make clean engine release"))
        }
        for device in devices {
            let memory =
                "\(HumanReadable.bytes(device.freeByteCount)) free of "
                + HumanReadable.bytes(device.totalByteCount)
            findings.append(
                Finding(subject: "device \(device.name)", state: .good, message: "\(device.title), \(memory)"))
        }
        return findings
    }

    private static func store(in home: URL) async -> [Finding] {
        let store: ModelStore
        let check: StoreCheck
        let hasActive: Bool
        do {
            store = try await ModelStore(root: home)
            check = try await store.check()
            hasActive = try await store.activeModel() != nil
        } catch {
            return [
                Finding(
                    subject: "store", state: .problem, message: "\(error)",
                    remedy: "Check that \(home.path) can be written by you, or choose another folder with ROOST_HOME.")
            ]
        }
        var findings = [summary(check, home: home, hasActive: hasActive)]
        findings += check.missing.map {
            Finding(
                subject: "model \(names($0))", state: .problem, message: "Its file \($0.path) is gone.",
                remedy: "Get it again (“roost pull” or “roost import”), or remove the name: roost rm \(names($0))")
        }
        findings += check.changed.map {
            Finding(
                subject: "model \(names($0))", state: .problem,
                message: "Its file \($0.path) is not as it was when it was imported.",
                remedy: "See what is wrong with it: roost verify \(names($0))")
        }
        findings += check.unavailableFolders.map {
            Finding(
                subject: "folder", state: .problem, message: "The model folder \($0.path) is not there.",
                remedy: "Mount its disk, or leave it out of ROOST_MODELS.")
        }
        findings += check.databaseProblems.map {
            Finding(
                subject: "database", state: .problem, message: $0,
                remedy: "Move \(home.appending(path: "roost.db").path) away and import the models again.")
        }
        findings += leftovers(check)
        findings.append(permissions(check))
        return findings
    }

    private static func summary(_ check: StoreCheck, home: URL, hasActive: Bool) -> Finding {
        guard check.modelCount > 0 else {
            return Finding(
                subject: "store", state: .notice, message: "\(home.path) has no models yet.",
                remedy: "Add one: roost pull NAME, or roost import FILE.gguf")
        }
        let models = "\(check.modelCount) model\(check.modelCount == 1 ? "" : "s")"
        return Finding(
            subject: "store", state: .good,
            message: "\(home.path): \(models), \(HumanReadable.bytes(check.blobByteCount))"
                + (hasActive ? "" : ", none active"))
    }

    private static func leftovers(_ check: StoreCheck) -> [Finding] {
        var findings: [Finding] = []
        if !check.orphans.isEmpty {
            let paths = check.orphans.prefix(3).map(\.path).joined(separator: ", ")
            findings.append(
                Finding(
                    subject: "leftovers", state: .notice,
                    message:
                        "\(check.orphans.count) files of \(HumanReadable.bytes(check.orphanByteCount)) belong to no "
                        + "model: \(paths)\(check.orphans.count > 3 ? ", …" : "")",
                    remedy:
                        "Give them a name with “roost import FILE --name NAME”, or remove them with “roost prune --unknown”."
                ))
        }
        if !check.foreign.isEmpty {
            findings.append(
                Finding(
                    subject: "leftovers", state: .notice,
                    message: "\(check.foreign.count) files in the blob folder are not Roost's, such as "
                        + "\(check.foreign[0].path).", remedy: "Move them elsewhere."))
        }
        if check.runningImportCount > 0 {
            findings.append(
                Finding(
                    subject: "imports", state: .good, message: "\(check.runningImportCount) in progress."))
        }
        return findings
    }

    private static func permissions(_ check: StoreCheck) -> Finding {
        guard let first = check.loosePermissions.first else {
            return Finding(subject: "permissions", state: .good, message: "Only you can read the store.")
        }
        let commands = check.loosePermissions.prefix(5).map { "chmod \(String($0.allowed, radix: 8)) '\($0.path)'" }
        return Finding(
            subject: "permissions", state: .problem,
            message: "Others can read or change \(first.path)"
                + (check.loosePermissions.count > 1 ? " and \(check.loosePermissions.count - 1) more." : "."),
            remedy: commands.joined(separator: "; "))
    }

    private static func names(_ blob: StoreCheck.DamagedBlob) -> String {
        blob.names.map(\.display).joined(separator: " ")
    }
}
