public import Security

/// What a saved prefix depends on: states are of use to the very same model, engine and settings only.
public struct PackKey: Sendable, Hashable, Codable {
    /// What the model is: the digests of its files, or another text that is the same for the same bytes only.
    public var model: String
    /// The engine's version and commit.
    public var engine: String
    /// Settings that shape a state, such as KV types, flash attention and the context's kind, by their names.
    public var settings: [String: String]
    /// The adapters' identities, in the order in which they were loaded.
    public var adapters: [String]

    /// A key of these parts.
    public init(model: String, engine: String, settings: [String: String] = [:], adapters: [String] = []) {
        self.model = model
        self.engine = engine
        self.settings = settings
        self.adapters = adapters
    }

    /// The SHA-256 over all parts, each with its length before it; names the pack's file.
    public var digest: Digest {
        var hash = ContentHash()
        func add(_ text: String) {
            withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { hash.update($0) }
            hash.update(Array(text.utf8))
        }
        func add(_ count: Int) { withUnsafeBytes(of: UInt64(count).littleEndian) { hash.update($0) } }
        add("roost prefix pack")
        add(model)
        add(engine)
        add(settings.count)
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            add(name)
            add(value)
        }
        add(adapters.count)
        for adapter in adapters { add(adapter) }
        return hash.finish()
    }
}
