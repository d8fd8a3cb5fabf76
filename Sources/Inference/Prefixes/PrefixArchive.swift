import Foundation
import Security

/// The prefixes of earlier lives of a model: known from its pack, and written to a new one at the end. Lives on the
/// engine's thread.
final class PrefixArchive {
    private let persistence: PrefixPersistence
    private let reader: PackReader?

    /// A pack that is not sound or was written for something else is as good as none.
    init(_ persistence: PrefixPersistence) {
        self.persistence = persistence
        reader = persistence.saved.flatMap {
            try? PackReader(descriptor: $0, key: persistence.key, secret: persistence.secret)
        }
    }

    /// Makes known to `pool` what there is; states are read when they are of use.
    func restore(to pool: SequencePool) {
        guard let reader else { return }
        let prefixes = reader.entries.map { entry in
            RestoredPrefix(
                namespace: entry.namespace, tokens: entry.tokens, isPartial: entry.kind == .checkpoint,
                byteCount: entry.stateByteCount
            ) { try reader.state(of: entry) }
        }
        pool.index.restore(prefixes) { Self.name(of: $0) }
    }

    /// Writes what `pool` keeps, and what nobody has asked for in this life, to the draft; false when there is none or
    /// it could not be written: the pack that was there stays the better one.
    func save(_ pool: SequencePool, byteLimit: Int64) -> Bool {
        guard let draft = persistence.draft else { return false }
        do {
            var writer = try PackWriter(
                descriptor: draft, key: persistence.key, secret: persistence.secret, byteLimit: byteLimit)
            let now = Int64(Date.now.timeIntervalSince1970)
            func add(_ name: [UInt8], _ tokens: [Int32], isPartial: Bool, _ state: [UInt8]?) throws {
                guard let state, !state.isEmpty else { return }
                let entry = PackEntry(
                    namespace: name, tokens: tokens, kind: isPartial ? .checkpoint : .sequence, lastUse: now)
                do {
                    try writer.add(entry, state: state)
                } catch PackError.tooLarge {
                    // Smaller ones may still fit.
                }
            }
            for prefix in pool.savedPrefixes() {
                try add(
                    Self.name(of: prefix.namespace), prefix.tokens, isPartial: prefix.isPartial, prefix.state())
            }
            for prefix in pool.index.restored?.waiting.values.joined().map({ $0 }) ?? [] {
                try add(prefix.namespace, prefix.tokens, isPartial: prefix.isPartial, try? prefix.load())
            }
            try writer.finish()
            persistence.didSave()
            return true
        } catch {
            return false
        }
    }

    /// What a namespace is kept under: nobody's name goes to the disk.
    private static func name(of identity: [UInt8]) -> [UInt8] {
        var hash = ContentHash()
        hash.update(identity)
        return hash.finish().bytes
    }
}
