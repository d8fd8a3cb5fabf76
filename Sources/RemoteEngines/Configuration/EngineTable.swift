import Foundation

/// Reads engines from the tables `[engines.NAME]` of a configuration file and from `ROOST_ENGINES`.
public struct EngineTable: Sendable {
    /// Where `api_key_env` looks.
    private let environment: [String: String]

    /// The keys of a table.
    public static let keys = [
        "url", "kind", "api_key_env", "api_key_file", "weight", "priority", "models", "prefer", "insecure",
        "connect_timeout", "timeout", "health_timeout", "health_interval", "ca_file", "client_certificate",
        "client_key",
    ]

    /// A reader that takes keys from `environment`.
    public init(environment: [String: String]) { self.environment = environment }

    /// The engines of some tables by their names, in the order of the names.
    ///
    /// - Throws: ``RemoteEngineError/invalidSetting(place:value:rule:)`` with the place: `engines.cluster.weight`.
    public func engines(in tables: [String: [String: EngineSetting]]) throws -> [RemoteEngine] {
        try tables.sorted { $0.key < $1.key }.map { try engine(named: $0.key, $0.value, place: "engines.\($0.key)") }
    }

    /// The engines of a list `name=url,name=url`.
    ///
    /// - Throws: ``RemoteEngineError/invalidSetting(place:value:rule:)`` that names `setting`.
    public func engines(listed text: String, setting: String) throws -> [RemoteEngine] {
        var engines: [RemoteEngine] = []
        for entry in text.split(separator: ",") {
            let sides = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard sides.count == 2, !engines.contains(where: { $0.name == sides[0] }) else {
                throw RemoteEngineError.invalidSetting(
                    place: setting, value: sides.first.map { "“\($0.prefix(64))”" } ?? "an entry",
                    rule: "name=url with commas between, each name once: gpu=http://127.0.0.1:8080")
            }
            engines.append(try engine(named: sides[0], ["url": .text(sides[1])], place: setting))
        }
        return engines
    }

    private func engine(
        named name: String, _ table: [String: EngineSetting], place: String
    ) throws -> RemoteEngine {
        guard RemoteEngine.isName(name) else {
            throw RemoteEngineError.invalidSetting(
                place: place, value: "“\(name.prefix(80))”",
                rule: "named with lower-case letters, digits, “-”, “_” and “.”, at most "
                    + "\(RemoteEngine.maximumNameByteCount)")
        }
        let table = Fields(values: table, place: place)
        try table.refuseUnknown()
        guard let url = try table.text("url") else {
            throw RemoteEngineError.invalidSetting(place: "\(place).url", value: "missing", rule: "http://host:port")
        }
        let address = try EngineAddress(
            parsing: url, allowsInsecure: try table.flag("insecure") ?? false, place: "\(place).url")
        var engine = RemoteEngine(name: name, address: address)
        if let kind = try table.text("kind") {
            guard let known = EngineKind(rawValue: kind) else {
                throw table.refusal("kind", "one of " + EngineKind.allCases.map(\.rawValue).joined(separator: ", "))
            }
            engine.kind = known
        }
        (engine.key, engine.keyProblem) = try key(table)
        engine.weight = try table.integer("weight", 1...1000) ?? engine.weight
        engine.priority = try table.integer("priority", 0...1000) ?? engine.priority
        engine.models = ModelMapping(
            try (table.texts("models") ?? []).map { try ModelMapping.Rule(parsing: $0, place: "\(place).models") })
        engine.isPreferred = try table.flag("prefer") ?? false
        engine.connectTimeout = try table.seconds("connect_timeout", 0.1...300) ?? engine.connectTimeout
        engine.silenceTimeout = try table.seconds("timeout", 1...86_400) ?? engine.silenceTimeout
        engine.healthTimeout = try table.seconds("health_timeout", 0.1...300) ?? engine.healthTimeout
        engine.healthInterval = try table.seconds("health_interval", 0.1...86_400) ?? engine.healthInterval
        engine.certificateFile = try table.path("ca_file")
        engine.clientCertificateFile = try table.path("client_certificate")
        engine.clientKeyFile = try table.path("client_key")
        guard (engine.clientCertificateFile == nil) == (engine.clientKeyFile == nil) else {
            throw RemoteEngineError.invalidSetting(
                place: place, value: "one of client_certificate and client_key", rule: "given both of them, or none")
        }
        return engine
    }

    /// A key that is not there concerns its engine alone: nobody else's command fails for it.
    private func key(_ table: Fields) throws -> (EngineKey?, problem: String?) {
        let variable = try table.text("api_key_env")
        let file = try table.path("api_key_file")
        switch (variable, file) {
        case (nil, nil): return (nil, nil)
        case (.some, .some):
            throw RemoteEngineError.invalidSetting(
                place: table.place, value: "both api_key_env and api_key_file", rule: "given one of them")
        case (let variable?, nil):
            guard let text = environment[variable], !text.isEmpty else {
                return (nil, "the environment variable \(variable.prefix(80)) (api_key_env) is not set")
            }
            guard let key = EngineKey(text) else {
                return (nil, "the environment variable \(variable.prefix(80)) (api_key_env) holds no key")
            }
            return (key, nil)
        case (nil, let file?):
            guard let handle = FileHandle(forReadingAtPath: file),
                let data = try? handle.read(upToCount: EngineKey.maximumByteCount + 2) ?? Data()
            else { return (nil, "the key's file “\(file)” (api_key_file) cannot be read") }
            guard let text = String(bytes: data, encoding: .utf8), let key = EngineKey(text) else {
                return (nil, "the file “\(file)” (api_key_file) holds no key")
            }
            return (key, nil)
        }
    }

    /// A table whose values are read by the types that they must have.
    private struct Fields {
        let values: [String: EngineSetting]
        let place: String

        func refuseUnknown() throws {
            guard let unknown = values.keys.sorted().first(where: { !EngineTable.keys.contains($0) }) else { return }
            throw RemoteEngineError.invalidSetting(
                place: "\(place).\(unknown)", value: "not known",
                rule: "one of the keys " + EngineTable.keys.joined(separator: ", "))
        }

        func refusal(_ key: String, _ rule: String) -> RemoteEngineError {
            .invalidSetting(place: "\(place).\(key)", value: values[key]?.shown ?? "missing", rule: rule)
        }

        func text(_ key: String) throws -> String? {
            switch values[key] {
            case nil: return nil
            case .text(let text) where !text.isEmpty: return text
            default: throw refusal(key, "a text")
            }
        }

        func path(_ key: String) throws -> String? {
            try text(key).map { NSString(string: $0).expandingTildeInPath }
        }

        func flag(_ key: String) throws -> Bool? {
            switch values[key] {
            case nil: return nil
            case .flag(let flag): return flag
            default: throw refusal(key, "true or false")
            }
        }

        func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
            switch values[key] {
            case nil: return nil
            case .integer(let value) where range.contains(value): return value
            default: throw refusal(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        }

        func texts(_ key: String) throws -> [String]? {
            switch values[key] {
            case nil: return nil
            case .text(let text): return [text]
            case .texts(let texts) where texts.count <= 1000: return texts
            default: throw refusal(key, "a list of at most 1000 texts")
            }
        }

        func seconds(_ key: String, _ range: ClosedRange<Double>) throws -> Duration? {
            let value: Double
            switch values[key] {
            case nil: return nil
            case .integer(let count): value = Double(count)
            case .number(let number): value = number
            default: throw refusal(key, "seconds")
            }
            guard range.contains(value) else {
                throw refusal(key, "from \(range.lowerBound) to \(range.upperBound) seconds")
            }
            return .seconds(value)
        }
    }
}
