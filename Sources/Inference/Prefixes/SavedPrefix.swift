/// A computed prefix as it can be kept beyond this process, and come back to another one of the same model and
/// settings.
struct SavedPrefix {
    /// Whose it is: ``PrefixNamespace/identity``, or what is made of it.
    var namespace: [UInt8]
    /// Its tokens, in order.
    var tokens: [Int32]
    /// Whether it is a checkpoint, of use only together with a whole state that begins with the same tokens (or, for
    /// a purely recurrent model, by itself).
    var isPartial: Bool
    var byteCount: Int
    /// Its bytes; `nil` when the engine fails. On the engine's thread.
    var state: () -> [UInt8]?
}

extension SequencePool {
    /// All that is worth keeping, most recently used first: what the cache holds and what is kept beside it. Prompts
    /// with pictures and those that nobody else may use are left out.
    func savedPrefixes() -> [SavedPrefix] {
        func isKept(_ symbols: [Int32], _ namespace: PrefixNamespace) -> Bool {
            symbols.count >= Self.leastCount && namespace.privateNumber == 0 && !symbols.contains { $0 < 0 }
        }
        var found: [(prefix: SavedPrefix, lastUse: UInt64)] = []
        for (sequence, live) in index.live where !live.isRunning && isKept(live.symbols, live.namespace) {
            let byteCount = context.stateByteCount(of: sequence, isPartial: false)
            let prefix = SavedPrefix(
                namespace: live.namespace.identity, tokens: live.symbols, isPartial: false, byteCount: byteCount,
                state: { self.context.state(of: sequence, isPartial: false) })
            found.append((prefix, live.lastUse))
        }
        for (number, saved) in index.saved where isKept(saved.symbols, saved.namespace) {
            let prefix = SavedPrefix(
                namespace: saved.namespace.identity, tokens: saved.symbols, isPartial: saved.isPartial,
                byteCount: saved.byteCount, state: { self.index.bytes(of: number) })
            found.append((prefix, saved.lastUse))
        }
        return found.sorted { $0.lastUse > $1.lastUse }.map(\.prefix)
    }
}

/// A prefix of an earlier process, whose bytes are read when they are first of use.
struct RestoredPrefix: Sendable {
    /// What was made of its ``PrefixNamespace/identity``.
    var namespace: [UInt8]
    var tokens: [Int32]
    var isPartial: Bool
    var byteCount: Int
    /// Reads its bytes; throws when they are not what was saved.
    var load: @Sendable () throws -> [UInt8]
}

extension PrefixIndex {
    /// Knows of prefixes of an earlier process; `name` makes of a namespace's identity what they are kept under.
    /// Most recently used first.
    mutating func restore(_ prefixes: [RestoredPrefix], name: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        restored = Restored(waiting: Dictionary(grouping: prefixes, by: \.namespace), name: name)
    }

    /// Those of an earlier process that are of a namespace take their places when it first asks for any.
    mutating func adopt(_ namespace: PrefixNamespace) {
        guard var restored, !restored.waiting.isEmpty, namespace.privateNumber == 0 else { return }
        guard let prefixes = restored.waiting.removeValue(forKey: restored.name(namespace.identity)) else { return }
        self.restored = restored
        for prefix in prefixes.reversed() {
            addElsewhere(
                namespace: namespace, symbols: prefix.tokens, isPartial: prefix.isPartial,
                byteCount: prefix.byteCount, load: prefix.load)
        }
    }

    /// Prefixes of an earlier process that nobody has asked for yet.
    struct Restored {
        var waiting: [[UInt8]: [RestoredPrefix]]
        var name: @Sendable ([UInt8]) -> [UInt8]
    }
}
