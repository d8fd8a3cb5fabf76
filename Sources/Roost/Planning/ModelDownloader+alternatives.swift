import ModelHubs
import Planning

extension ModelDownloader {
    /// Other models of the catalog that belong to the family of the one with this name: `qwen3:4b` for `qwen3:8b`. None
    /// when the catalog cannot be read.
    func alternatives(to name: String) async -> [ModelAlternative] {
        guard let family = Self.family(of: name),
            let entries = try? await modelSources().catalog.entries(matching: .init())
        else { return [] }
        let own = entries.first { $0.names.contains { $0.description == name } }
        return entries.filter { $0.digest != own?.digest && Self.family(of: $0.name) == family }.map { entry in
            ModelAlternative(
                name: entry.name, quantization: entry.quantization, byteCount: entry.byteCount,
                isSameModel: entry.parameters == own?.parameters)
        }
    }

    /// What stands before the tag, without a hub and its owner: `qwen3` of `qwen3:8b`.
    private static func family(of name: String) -> Substring? {
        guard !name.contains("/") else { return nil }
        return name.split(separator: ":").first
    }
}
