import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Roost

extension NativeAPI {
    /// The server itself.
    var serverRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/health", .everyone,
                Operation(
                    id: "getAlive", tag: .server, summary: "Whether the server runs.",
                    answer: .json(.alive, "It runs."),
                    otherAnswers: [.json(.alive, "It is about to end.", status: .serviceUnavailable)])
            ) { _ in
                let isDraining = parts.control.isDraining
                return try NativeJSON.response(
                    Alive(status: isDraining ? "draining" : "ok", version: parts.configuration.version),
                    status: isDraining ? .serviceUnavailable : .ok)
            },
            endpoint(
                .get, "/roost/v1/version", .everyone,
                Operation(
                    id: "getVersion", tag: .server, summary: "Versions of Roost and of the engine.",
                    answer: .json(.version, "The versions."))
            ) { _ in
                try NativeJSON.response(
                    Version(
                        version: parts.configuration.version, engine: "llama.cpp \(Engine.version)",
                        engineBuild: Engine.build))
            },
            endpoint(
                .get, "/roost/v1/health", .scope(.read),
                Operation(
                    id: "getHealth", tag: .server, summary: "How the server and its machine do.",
                    note: "What `roost doctor` finds out quickly: memory, heat, disk, speed that fell, the sandbox. "
                        + "Answers are up to two seconds old.",
                    answer: .json(.health, "The findings."))
            ) { request in
                try NativeJSON.response(try await health(for: request.context.caller))
            },
            endpoint(
                .get, "/roost/v1/settings", .scope(.admin),
                Operation(
                    id: "listSettings", tag: .server, summary: "Each setting and where its value comes from.",
                    note: "As `roost config` shows them. Passwords and tokens are not among them.",
                    answer: .json(.list(.setting), "The settings."))
            ) { _ in
                try NativeJSON.response(try settings().map(SettingReport.init))
            },
            endpoint(
                .get, "/roost/v1/logs/{name}", .scope(.admin),
                Operation(
                    id: "getLog", tag: .server, summary: "What the engine of a model logged.",
                    note: "As `roost logs` shows it. Prompts and answers are not in it.",
                    path: [Self.name],
                    query: [
                        .init(
                            name: "lines", schema: .integer(1...10_000, "The last so many lines. Default 200."))
                    ],
                    answer: .json(.log, "The lines."), failures: [.notFound])
            ) { request in
                let name = try request.model()
                return try await about(name, for: request) {
                    try NativeJSON.response(try await log(of: name, count: request.integer("lines") ?? 200))
                }
            },
        ]
    }

    /// The document of the API.
    func documentRoute(_ document: ByteBuffer) -> NativeRoute {
        endpoint(
            .get, "/openapi.json", .everyone,
            Operation(
                id: "getDocument", tag: .server, summary: "This document.",
                note: "It says nothing about this machine.",
                answer: .json(Schema(kind: .any, note: "An OpenAPI 3.1 document."), "The document."))
        ) { _ in
            Response(
                status: .ok,
                headers: [.contentType: NativeJSON.mediaType, .cacheControl: "max-age=300"],
                body: .init(byteBuffer: document))
        }
    }

    private func health(for caller: Caller) async throws -> Health {
        let findings = await native.examiner.findings(for: caller)
        let states = Finding.State.allCases
        return Health(
            status: states.last { state in findings.contains { $0.state == state } } ?? .good,
            version: parts.configuration.version, startedAt: parts.startedAt,
            loadedModelCount: try await manager.loadedModels().filter { caller.mayUse(model: $0.record.name) }.count,
            activeCount: parts.active.count, findings: findings)
    }

    private func settings() throws -> [SettingValue] {
        var environment = manager.configuration.environment
        environment["ROOST_HOME"] = manager.configuration.homeDirectory.path
        return try RoostConfiguration.settings(environment)
    }

    private func log(of model: String, count: Int) async throws -> Log {
        let folder = manager.configuration.homeDirectory.appending(path: "logs", directoryHint: .isDirectory)
        let full = ModelName(model)?.description
        let lines = try await NIOThreadPool.singleton.runIfActive {
            // It may be called as it was asked for, or in full.
            let file = [model, full].compactMap { $0 }.map { WorkerLogFile(folder: folder, model: $0) }
                .first(where: \.exists)
            return try file?.lines(last: count).lines
        }
        guard let lines else {
            throw NativeFailure.notFound(
                "log_not_found", "There is no log of “\(model)”; it has one once it ran in a worker.")
        }
        return Log(model: full ?? model, lines: lines)
    }
}

private struct Alive: Encodable {
    let status: String
    let version: String
}

private struct Version: Encodable {
    let version: String
    let engine: String
    let engineBuild: String
}

private struct Health: Encodable {
    let status: Finding.State
    let version: String
    let startedAt: Date
    let loadedModelCount: Int
    let activeCount: Int
    let findings: [Finding]
}

private struct Log: Encodable {
    let model: String
    let lines: [WorkerLogFile.Line]
}
