import Foundation
public import Inference

/// What is asked of the residency: which model, loaded how, kept how long.
public struct ModelRequest: Sendable {
    /// What tells models apart; two names of one blob share it.
    public var key: String
    /// What messages call it.
    public var name: String
    public var file: URL
    /// `nil` takes the model as it is loaded, or loads it with `defaultOptions`.
    public var options: LoadOptions?
    public var defaultOptions: LoadOptions
    public var keepAlive: KeepAlive

    public init(
        key: String, name: String, file: URL, options: LoadOptions? = nil, defaultOptions: LoadOptions = .init(),
        keepAlive: KeepAlive = .standard
    ) {
        self.key = key
        self.name = name
        self.file = file
        self.options = options
        self.defaultOptions = defaultOptions
        self.keepAlive = keepAlive
    }
}

/// A model that is in memory now.
public struct ResidentModel: Sendable {
    public var key: String
    public var name: String
    public var model: LoadedModel
    public var options: LoadOptions
    public var loadedAt: Date
    /// When it goes if no request comes; `nil` when it stays, or while it is in use.
    public var expiresAt: Date?
    /// Requests that hold it.
    public var leaseCount: Int
}
