/// Where other programs keep their models, by environment variable and platform.
public struct StorePaths: Hashable, Sendable {
    /// Environment variables.
    public let environment: [String: String]
    /// The person's home folder.
    public let homeDirectory: String

    /// Paths for an environment; nothing is looked up on the disk.
    public init(environment: [String: String], homeDirectory: String) {
        self.environment = environment
        self.homeDirectory = homeDirectory
    }

    /// A variable that holds a path, with `~` resolved; `nil` when it is unset or empty.
    public func variable(_ name: String) -> String? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        if value == "~" { return homeDirectory }
        return value.hasPrefix("~/") ? homeDirectory + value.dropFirst(1) : value
    }

    /// `$XDG_CACHE_HOME`, or `~/.cache`.
    public var cacheHome: String { variable("XDG_CACHE_HOME") ?? homeDirectory + "/.cache" }

    /// `$HF_HOME`, or `huggingface` in the cache folder.
    public var huggingFaceHome: String { variable("HF_HOME") ?? cacheHome + "/huggingface" }
}
