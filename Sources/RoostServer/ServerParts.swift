import Foundation
import Roost

/// What the dialects work with. A part that several of them need is made once, here.
struct ServerParts: Sendable {
    let manager: ModelManager
    private(set) var configuration: RoostServerConfiguration
    let active: ActiveGenerations
    private(set) var runner: GenerationRunner
    /// What is counted and measured.
    let metrics: ServerMetrics
    /// The connections of all listeners.
    let connections: OpenConnections
    /// When the server started.
    let startedAt = Date.now
    private(set) var reader: RequestReader
    /// Who may call.
    private(set) var policy: KeyPolicy
    /// Whether the server is on its way down, and the way to tell it.
    let control: ServerControl
    let remembered: RememberedAnswers
    /// What `/v1/responses` keeps.
    let responses = ResponseStore()
    let native: NativeParts

    init(
        manager: ModelManager, configuration: RoostServerConfiguration, active: ActiveGenerations,
        control: ServerControl = ServerControl(), metrics: ServerMetrics = ServerMetrics(),
        connections: OpenConnections = OpenConnections(limit: .max)
    ) {
        self.manager = manager
        self.configuration = configuration
        self.active = active
        self.control = control
        self.metrics = metrics
        self.connections = connections
        runner = GenerationRunner(
            manager: manager, active: active, metrics: metrics, timeLimit: configuration.requestDuration)
        reader = RequestReader(configuration: configuration)
        native = NativeParts(manager: manager, configuration: configuration)
        policy = KeyPolicy(configuration: configuration)
        remembered = RememberedAnswers(store: manager.store, policy: policy)
    }

    /// The same parts under another configuration, for a reload: what counts and what runs stays.
    func configured(by configuration: RoostServerConfiguration) -> ServerParts {
        var parts = self
        parts.configuration = configuration
        parts.reader = RequestReader(configuration: configuration)
        parts.runner.timeLimit = configuration.requestDuration
        parts.policy = policy.configured(by: configuration)
        return parts
    }
}
