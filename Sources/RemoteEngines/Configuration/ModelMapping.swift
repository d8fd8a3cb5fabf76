/// Which of an engine's models are offered, and under which names.
///
/// | entry | meaning |
/// |---|---|
/// | `llama3.3:*` | those of the engine whose names begin so, under their own names |
/// | `qwen3:32b=Qwen/Qwen3-32B` | the engine's `Qwen/Qwen3-32B`, as `qwen3:32b` |
/// | `big-*=org/*` | the engine's `org/x`, as `big-x` |
///
/// Letter case does not tell two names apart, and `:latest` may be left out, as with models of the store.
public struct ModelMapping: Sendable, Hashable {
    /// One entry.
    public struct Rule: Sendable, Hashable {
        /// What clients ask for; may have one `*`.
        public let publicPattern: String
        /// What the engine is asked for; has a `*` when `publicPattern` does.
        public let remotePattern: String

        /// Whether it stands for one name alone.
        public var isExact: Bool { !publicPattern.contains("*") }

        /// Reads an entry.
        ///
        /// - Throws: ``RemoteEngineError/invalidSetting(place:value:rule:)`` that names `place`.
        public init(parsing text: String, place: String = "models") throws {
            let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.trimmedSpaces
            }
            let patterns = (sides[0], sides.count > 1 ? sides[1] : sides[0])
            let stars = (patterns.0.count { $0 == "*" }, patterns.1.count { $0 == "*" })
            guard !patterns.0.isEmpty, !patterns.1.isEmpty, text.utf8.count <= 1024, stars.0 <= 1, stars.0 == stars.1,
                !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            else {
                throw RemoteEngineError.invalidSetting(
                    place: place, value: String(text.prefix(120)),
                    rule: "a model's name, name=the engine's name for it, or both with one “*” each")
            }
            (publicPattern, remotePattern) = patterns
        }

        /// The name that clients ask for, of a model that the engine names so; `nil` when the rule is about others.
        func publicName(ofRemote name: String) -> String? {
            Self.translate(name, from: remotePattern, to: publicPattern)
        }

        /// The engine's name for what a client asks for; `nil` when the rule is about others.
        func remoteName(ofPublic name: String) -> String? {
            Self.translate(name, from: publicPattern, to: remotePattern)
        }

        private static func translate(_ name: String, from: String, to: String) -> String? {
            guard let star = from.firstIndex(of: "*") else {
                return ModelMapping.key(name) == ModelMapping.key(from) ? to : nil
            }
            let head = String(from[..<star])
            let tail = String(from[from.index(after: star)...])
            guard name.utf8.count >= head.utf8.count + tail.utf8.count, name.lowercased().hasPrefix(head.lowercased()),
                name.lowercased().hasSuffix(tail.lowercased())
            else { return nil }
            let middle = name.dropFirst(head.count).dropLast(tail.count)
            guard let place = to.firstIndex(of: "*") else { return to }
            return String(to[..<place]) + middle + String(to[to.index(after: place)...])
        }
    }

    /// The entries, in their order; none offers everything that the engine lists, under its own names.
    public let rules: [Rule]

    /// A mapping of entries.
    public init(_ rules: [Rule] = []) { self.rules = rules }

    /// Names that clients may ask for whether the engine lists them or not.
    var exactNames: [(publicName: String, remoteName: String)] {
        rules.filter(\.isExact).map { ($0.publicPattern, $0.remotePattern) }
    }

    /// Under which names a model that the engine lists is offered.
    func publicNames(ofRemote name: String) -> [String] {
        rules.isEmpty ? [name] : rules.compactMap { $0.publicName(ofRemote: name) }
    }

    /// What the engine is to be asked for when a client names it together with a model; `nil` when that model is not
    /// offered. The engine's own name for a mapped model is taken too.
    func remoteName(ofPublic name: String) -> String? {
        if rules.isEmpty { return name }
        return rules.lazy.compactMap { $0.remoteName(ofPublic: name) }.first
            ?? rules.lazy.compactMap { $0.publicName(ofRemote: name) }.first.map { _ in name }
    }

    /// What tells names apart.
    static func key(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(":latest") ? String(name.dropLast(":latest".count)) : name
    }
}

extension Substring {
    /// Without spaces around it.
    fileprivate var trimmedSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
