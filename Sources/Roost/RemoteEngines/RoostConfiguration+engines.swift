import RemoteEngines

extension RoostConfiguration {
    /// The engines of `ROOST_ENGINES` (`name=url` with commas between) and of the tables `[engines.NAME]`; one that both
    /// name is the environment's.
    ///
    /// - Throws: `RemoteEngineError.invalidSetting` with the place.
    static func engines(
        _ tables: [String: [String: EngineSetting]], environment: [String: String]
    ) throws -> [RemoteEngine] {
        let reader = EngineTable(environment: environment)
        let listed = try reader.engines(listed: environment["ROOST_ENGINES"] ?? "", setting: "ROOST_ENGINES")
        let names = Set(listed.map(\.name))
        return listed + (try reader.engines(in: tables)).filter { !names.contains($0.name) }
    }
}
