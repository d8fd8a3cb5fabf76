import Foundation
public import Inference

/// What is asked of the residency: which model, loaded how, kept how long.
public struct ModelRequest: Sendable {
    /// What tells models apart; two names of one blob share it.
    public var key: String
    /// What messages call it.
    public var name: String
    /// The files that it is loaded from.
    public var files: ModelFileSet
    /// `nil` takes the model as it is loaded, or loads it with `defaultOptions`.
    public var options: LoadOptions?
    /// How to load it when `options` is `nil`.
    public var defaultOptions: LoadOptions
    /// How long it stays after its last request.
    public var keepAlive: KeepAlive

    /// Asks for the model in `files`.
    public init(
        key: String, name: String, files: ModelFileSet, options: LoadOptions? = nil,
        defaultOptions: LoadOptions = .init(),
        keepAlive: KeepAlive = .standard
    ) {
        self.key = key
        self.name = name
        self.files = files
        self.options = options
        self.defaultOptions = defaultOptions
        self.keepAlive = keepAlive
    }
}

/// A model that is in memory now.
public struct ResidentModel: Sendable {
    /// What tells models apart.
    public var key: String
    /// The name that it was first asked for by.
    public var name: String
    /// The model itself; using it does not keep it from being unloaded.
    public var model: any RunningModel
    /// How it was loaded.
    public var options: LoadOptions
    /// What was given up so that it could be loaded.
    public var retreats: [LoadRetreat]
    /// When loading ended.
    public var loadedAt: Date
    /// When it goes if no request comes; `nil` when it stays, or while it is in use.
    public var expiresAt: Date?
    /// Requests that hold it.
    public var leaseCount: Int
    /// Whether it stays until it is told to go.
    public var isPinned: Bool
}
