import Foundation

/// A setting's value and where it came from.
public struct SettingValue: Sendable, Hashable {
    /// Where a value comes from, the first that has one.
    public enum Origin: String, Sendable, Hashable {
        /// An environment variable.
        case environment
        /// The file in the home directory.
        case file = "config.toml"
        /// Nothing is set.
        case standard = "default"
    }

    /// The setting.
    public let setting: Setting
    /// Its text; `nil` when the default holds. Passwords in addresses are left out.
    public let text: String?
    /// Where it came from.
    public let origin: Origin
}

extension RoostConfiguration {
    /// Every setting with its value and origin.
    ///
    /// - Throws: `RoostError.invalidConfiguration` for a file that cannot be used.
    public static func settings(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> [SettingValue] {
        let file = try ConfigurationFile(homeDirectory: defaultHomeDirectory(environment))
        return Setting.all.map { setting in
            let set = [setting.variable, setting.variable.lowercased()].lazy.compactMap { environment[$0] }
                .first { !$0.isEmpty }
            let tables = setting.key == "engines" ? file.engines.keys.sorted().joined(separator: ", ") : ""
            let text = set ?? file.values[setting.variable] ?? (tables.isEmpty ? nil : tables)
            return SettingValue(
                setting: setting, text: text.map(withoutPassword),
                origin: set != nil ? .environment : text != nil ? .file : .standard)
        }
    }

    private static func withoutPassword(_ text: String) -> String {
        guard var parts = URLComponents(string: text), parts.password != nil else { return text }
        parts.password = "…"
        return parts.string ?? "an address with a password"
    }
}
