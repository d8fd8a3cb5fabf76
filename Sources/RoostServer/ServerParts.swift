import Roost

/// What the dialects work with. A part that several of them need is made once, here.
struct ServerParts: Sendable {
    let manager: ModelManager
    let configuration: RoostServerConfiguration
    let active: ActiveGenerations
    let runner: GenerationRunner
    let reader: RequestReader
    let native: NativeParts

    init(manager: ModelManager, configuration: RoostServerConfiguration, active: ActiveGenerations) {
        self.manager = manager
        self.configuration = configuration
        self.active = active
        runner = GenerationRunner(manager: manager, active: active)
        reader = RequestReader(configuration: configuration)
        native = NativeParts(manager: manager, configuration: configuration)
    }
}
