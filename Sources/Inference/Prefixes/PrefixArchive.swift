import Foundation
import Security

/// The prefixes of earlier lives of a model: taken from its pack when a tenant first asks, and written to a new one at
/// the end. Lives on the engine's thread.
final class PrefixArchive {
    private let persistence: PrefixPersistence
    private let reader: PackReader?
    /// What the pack has for namespaces that have not asked yet.
    private var waiting: [[UInt8]: [PackEntry]]

    /// A pack that is not sound or was written for something else is as good as none.
    init(_ persistence: PrefixPersistence) {
        self.persistence = persistence
        reader = persistence.saved.flatMap {
            try? PackReader(descriptor: $0, key: persistence.key, secret: persistence.secret)
        }
        waiting = Dictionary(grouping: reader?.entries ?? []) { $0.namespace }
    }

    /// Makes known to `index` what there is for `namespace`; its states are read when they are of use.
    func provide(for namespace: PrefixNamespace, to index: inout PrefixIndex) {
        guard let reader, !waiting.isEmpty, namespace.privateNumber == 0,
            let entries = waiting.removeValue(forKey: Self.digest(of: namespace))
        else { return }
        // The pack has the latest first, and what is added last counts as the latest.
        for entry in entries.reversed() {
            index.addElsewhere(
                namespace: namespace, symbols: entry.tokens, isPartial: entry.kind == .checkpoint,
                byteCount: entry.stateByteCount
            ) { try reader.state(of: entry) }
        }
    }

    /// Writes what `pool` keeps, and what nobody has asked for in this life, to the draft. False when there is no draft
    /// or it could not be written: the pack that was there stays the better one.
    func save(_ pool: SequencePool, byteLimit: Int64) -> Bool {
        guard let draft = persistence.draft,
            var writer = try? PackWriter(
                descriptor: draft, key: persistence.key, secret: persistence.secret, byteLimit: byteLimit)
        else { return false }
        do {
            for item in kept(by: pool) {
                guard let state = item.state(), !state.isEmpty else { continue }
                try add(item.entry, state, to: &writer)
            }
            for entry in waiting.values.joined() {
                guard let reader, let state = try? reader.state(of: entry) else { continue }
                try add(
                    PackEntry(
                        namespace: entry.namespace, tokens: entry.tokens, kind: entry.kind, lastUse: entry.lastUse),
                    state, to: &writer)
            }
            try writer.finish()
            return true
        } catch {
            return false
        }
    }

    private func add(_ entry: PackEntry, _ state: [UInt8], to writer: inout PackWriter) throws {
        do {
            try writer.add(entry, state: state)
        } catch PackError.tooLarge {
            // Smaller ones may still fit.
        }
    }

    private struct Kept {
        let entry: PackEntry
        let lastUse: UInt64
        let state: () -> [UInt8]?
    }

    /// The latest first. Pictures stand for themselves in this process only: what has one is left out.
    private func kept(by pool: SequencePool) -> [Kept] {
        let now = Int64(Date.now.timeIntervalSince1970)
        let entry = { (namespace: PrefixNamespace, symbols: [Int32], kind: PackStateKind) in
            PackEntry(namespace: Self.digest(of: namespace), tokens: symbols, kind: kind, lastUse: now)
        }
        let isSavable = { (namespace: PrefixNamespace, symbols: [Int32]) in
            namespace.privateNumber == 0 && !symbols.contains { $0 < 0 }
        }
        var items: [Kept] = []
        for (sequence, live) in pool.index.live where !live.isRunning && isSavable(live.namespace, live.symbols) {
            items.append(
                Kept(entry: entry(live.namespace, live.symbols, .sequence), lastUse: live.lastUse) {
                    pool.context.state(of: sequence, isPartial: false)
                })
        }
        for saved in pool.index.saved.values where isSavable(saved.namespace, saved.symbols) {
            items.append(
                Kept(
                    entry: entry(saved.namespace, saved.symbols, saved.isPartial ? .checkpoint : .sequence),
                    lastUse: saved.lastUse
                ) { saved.bytes ?? (try? saved.load?()) })
        }
        return items.sorted { $0.lastUse > $1.lastUse }
    }

    private static func digest(of namespace: PrefixNamespace) -> [UInt8] {
        var hash = ContentHash()
        hash.update(namespace.identity)
        return hash.finish().bytes
    }
}
