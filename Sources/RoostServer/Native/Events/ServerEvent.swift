import Foundation
import Roost

/// What clients can follow.
enum EventTopic: String, Sendable, CaseIterable, Hashable {
    /// Each download as it is; the last time with its end.
    case downloads
    /// What happens in Roost and nobody asked for: health, retreats of loads.
    case events
    /// All models in memory, whenever something about them changes.
    case loaded
    /// All warnings about the machine that hold now.
    case health
}

/// Something that is told to those who follow its topic.
enum ServerEvent: Sendable {
    case download(DownloadSummary)
    case loaded([LoadedReport])
    case health([HealthWarning])
    case happened(RoostEvent)

    var topic: EventTopic {
        switch self {
        case .download: .downloads
        case .loaded: .loaded
        case .health: .health
        case .happened: .events
        }
    }

    /// The name in streams: `download`, `loaded`, `health`, `health_began`, `health_ended`, `load_retreat`, `engine`.
    var name: String {
        switch self {
        case .download: "download"
        case .loaded: "loaded"
        case .health: "health"
        case .happened(.health(.began)): "health_began"
        case .happened(.health(.ended)): "health_ended"
        case .happened(.loadRetreat): "load_retreat"
        case .happened(.engine): "engine"
        }
    }

    /// What a newer one makes worthless: the state of the same thing. `nil` for what happened, which counts each time.
    var coalescingKey: String? {
        switch self {
        case .download(let download): "download " + download.id
        case .loaded: "loaded"
        case .health: "health"
        case .happened: nil
        }
    }

    /// As JSON.
    func data() throws -> Data {
        switch self {
        case .download(let download): try NativeJSON.data(download)
        case .loaded(let models): try NativeJSON.data(Loaded(models: models))
        case .health(let warnings): try NativeJSON.data(Health(warnings: warnings))
        case .happened(.health(.began(let warning))), .happened(.health(.ended(let warning))):
            try NativeJSON.data(warning)
        case .happened(.engine(let change)): try NativeJSON.data(change)
        case .happened(.loadRetreat(let model, let step)):
            try NativeJSON.data(Retreat(model: model, message: step.message, changesQuality: step.changesQuality))
        }
    }

    /// What of it a caller may know, who may not use all models; `nil` is nothing.
    func seen(by caller: Caller) -> ServerEvent? {
        switch self {
        case .download(let download): caller.mayUse(model: download.model) ? self : nil
        case .loaded(let models): .loaded(models.filter { caller.mayUse(model: $0.name) })
        case .happened(.loadRetreat(let model, _)): caller.mayUse(model: model) ? self : nil
        case .health(let warnings): .health(warnings.filter { $0.isKnown(to: caller) })
        case .happened(.health(.began(let warning))), .happened(.health(.ended(let warning))):
            warning.isKnown(to: caller) ? self : nil
        case .happened(.engine): self
        }
    }

    private struct Loaded: Encodable { let models: [LoadedReport] }
    private struct Health: Encodable { let warnings: [HealthWarning] }
    private struct Retreat: Encodable {
        let model: String
        let message: String
        let changesQuality: Bool
    }
}

extension HealthWarning {
    /// Whether a caller may know of it: one of speed is about a model.
    func isKnown(to caller: Caller) -> Bool {
        guard kind == .speed, let model = subject else { return true }
        return caller.mayUse(model: model)
    }
}
