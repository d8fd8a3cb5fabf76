import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost show`: one model in detail.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is known of a model.",
        discussion: """
            Examples:
              roost show gemma3
              roost show                      the active model
              roost show gemma3 --template    its chat template
              roost show gemma3 --license     the text of its licence
              roost show mine --modelfile     what “roost create” makes it of; also --parameters, --system
              roost show gemma3 --json
              roost show hf.co/user/repo:Q4_K_M
                                              a model that is not here, by its header alone
            """
    )

    @Argument(help: "The model; the active one when left out.")
    var model: String?

    @Flag(help: "Print the model's chat template and nothing else.")
    var template = false

    @Flag(help: "Print the text of the model's licence and nothing else.")
    var license = false

    @Flag(help: "Print the Modelfile that makes the model and nothing else.")
    var modelfile = false

    @Flag(help: "Print the model's own parameters and nothing else.")
    var parameters = false

    @Flag(help: "Print the model's own system prompt and nothing else.")
    var system = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if [json, template, license, modelfile, parameters, system].count(where: \.self) > 1 {
            throw ValidationError(
                "Choose one of --json, --template, --license, --modelfile, --parameters and --system.")
        }
    }

    func run() async throws {
        let manager = try await ModelManager()
        let record: ModelRecord
        do {
            record = try await manager.model(named: model)
        } catch let error as ModelStoreError {
            guard let model else { throw error }
            return try await showRemote(model, manager, error)
        }
        if template { return try await showTemplate(record, manager.store) }
        if license { return try await showLicense(record, manager.store) }
        if modelfile { return show(try await manager.modelfile(of: record).text, terminator: "") }
        let preset = try await manager.preset(of: record)
        if parameters { return show(PresetDetails(preset).parameterLines.joined(separator: "\n")) }
        if system { return try showSystem(preset, of: record) }
        let home = manager.configuration.homeDirectory
        let loaded = await ServerProcesses.model(with: record.digest.hexadecimal, home: home)
        let details = ModelDetails(record: record, now: Date(), loaded: loaded, preset: PresetDetails(preset))
        if json {
            try Console.output.printJSON(details)
        } else {
            Console.output.print(details.groups)
        }
    }

    /// Shows a model that the store does not have: a file here, or what a hub has under that name.
    private func showRemote(_ model: String, _ manager: ModelManager, _ error: ModelStoreError) async throws {
        let header: ModelHeader
        do {
            header = try await manager.header(of: model)
        } catch let reason as ModelHubError {
            guard case .notFound(let name, let suggestions) = error else { throw reason }
            throw UnknownModel(name: name.display, suggestions: suggestions.map(\.display), reason: reason)
        }
        if modelfile || parameters || system {
            Console.error.print("What goes with \(model.printable) comes with “roost pull \(model.printable)”.")
            throw ExitStatus.failure.code
        }
        if license {
            Console.error.print("The text of \(model.printable)'s licence comes with “roost pull \(model.printable)”.")
            throw ExitStatus.failure.code
        }
        if template {
            guard let template = header.summary.chatTemplate else {
                Console.error.print("\(model.printable) has no chat template; it continues text as it is.")
                throw ExitStatus.failure.code
            }
            return show(template)
        }
        let details = RemoteModelDetails(header: header, now: Date())
        if json {
            try Console.output.printJSON(details)
        } else {
            Console.output.print(details.groups)
        }
    }

    /// Neither in the store nor found elsewhere.
    private struct UnknownModel: Error, CustomStringConvertible {
        let name: String
        let suggestions: [String]
        let reason: ModelHubError

        var description: String {
            let near = suggestions.map { "“\($0)”" }.joined(separator: ", ")
            return "There is no model “\(name)” here\(near.isEmpty ? "" : " (did you mean \(near)?)"), and none was "
                + "found elsewhere: \(reason)"
        }
    }

    private func showTemplate(_ record: ModelRecord, _ store: ModelStore) async throws {
        guard let template = try await store.chatTemplate(of: record.name) else {
            Console.error.print("\(record.name.display) has no chat template; it continues text as it is.")
            throw ExitStatus.failure.code
        }
        show(template)
    }

    private func showLicense(_ record: ModelRecord, _ store: ModelStore) async throws {
        guard let text = try await store.licenseText(of: record.name) else {
            let stated = record.license.map { "; it states “\(String($0.prefix(80)).printable)”" } ?? ""
            Console.error.print("The text of \(record.name.display)'s licence is not here\(stated).")
            throw ExitStatus.failure.code
        }
        show(text)
    }

    private func showSystem(_ preset: ModelPreset, of record: ModelRecord) throws {
        guard let system = preset.system else {
            Console.error.print("\(record.name.display) has no system prompt of its own.")
            throw ExitStatus.failure.code
        }
        show(system)
    }

    /// Prints text from outside: on a terminal it must not act.
    private func show(_ text: String, terminator: String = "\n") {
        guard !text.isEmpty else { return }
        Console.output.write(
            (Console.output.isTerminal
                ? text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { String($0).printable }.joined(separator: "\n")
                : text) + terminator)
    }
}
