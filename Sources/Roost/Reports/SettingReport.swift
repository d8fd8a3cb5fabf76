/// A setting as lists show it: `roost config --json`, `GET /roost/v1/settings`. Passwords in addresses are left out.
public struct SettingReport: Sendable, Hashable, Encodable {
    /// The key in `config.toml`.
    public let key: String
    /// The environment variable.
    public let variable: String
    /// Its text; `nil` when the default holds.
    public let value: String?
    /// `environment`, `config.toml` or `default`.
    public let origin: String
    /// What it decides.
    public let summary: String

    /// A setting.
    public init(_ value: SettingValue) {
        key = value.setting.key
        variable = value.setting.variable
        self.value = value.text
        origin = value.origin.rawValue
        summary = value.setting.summary
    }
}
