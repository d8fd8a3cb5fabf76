/// Where a model's computed prompts outlive the model: open files, for a process that may not open any itself.
public struct PrefixPersistence: Sendable {
    /// What the prompts depend on.
    public var key: PackKey
    /// What they are authenticated with.
    public var secret: PackSecret
    /// A pack that was saved before, open for reading; `nil` when there is none. It must stay open until the model is
    /// unloaded.
    public var saved: Int32?
    /// An empty file, open for reading and writing, that unloading fills; `nil` saves nothing.
    public var draft: Int32?
    /// Called once when the draft was filled, on the engine's thread.
    public var didSave: @Sendable () -> Void

    /// Prompts of `key`.
    public init(
        key: PackKey, secret: PackSecret, saved: Int32? = nil, draft: Int32? = nil,
        didSave: @escaping @Sendable () -> Void = {}
    ) {
        self.key = key
        self.secret = secret
        self.saved = saved
        self.draft = draft
        self.didSave = didSave
    }
}

extension PackKey {
    /// What the prefixes of a model depend on that is loaded with `options`.
    ///
    /// - Parameters:
    ///   - identity: the same for the same weights only.
    ///   - adapters: the same for the same adapters only, in the order of loading.
    public init(identity: String, options: LoadOptions, adapters: [String]) {
        var settings = [
            "key cache": options.keyCacheType.rawValue, "value cache": options.valueCacheType.rawValue,
            "flash attention": options.flashAttention.rawValue,
            "GPU layers": options.gpuLayerCount.map(String.init) ?? "all",
        ]
        // Which processor computes a layer shows in the last bits of its state.
        settings["experts on CPU"] = options.expertLayersOnProcessor.map(String.init)
        settings["tensor split"] = options.tensorSplit.map { "\($0)" }
        settings["devices"] = options.devices.map { "\($0)" }
        self.init(model: identity, engine: Engine.build, settings: settings, adapters: adapters)
    }
}
