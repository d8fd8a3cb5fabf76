import Foundation

/// Finds the models that other programs keep on this machine.
public struct ModelDiscovery: Sendable {
    /// The programs that are known.
    public static let allStores: [any LocalModelStore] = [
        OllamaStore(), LMStudioStore(), JanStore(), HuggingFaceCache(), LlamaCppCache(),
    ]

    private let stores: [any LocalModelStore]
    private let paths: StorePaths

    /// A discovery in the folders that `paths` leads to.
    public init(paths: StorePaths, stores: [any LocalModelStore] = ModelDiscovery.allStores) {
        self.paths = paths
        self.stores = stores
    }

    /// Looks through all folders. A folder that two stores share is looked through once.
    ///
    /// - Throws: `CancellationError` between two folders.
    public func run() async throws -> DiscoveryReport {
        var report = DiscoveryReport()
        var seen = Set<String>()
        for store in stores {
            for folder in store.folders(paths) {
                try Task.checkCancellation()
                let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
                guard seen.insert(real).inserted else { continue }
                report.add(
                    try await BlockingWork.run {
                        FileTree.entry(at: real)?.kind == .folder ? store.scan(real) : DiscoveryReport()
                    })
            }
        }
        report.models.sort { ($0.store.rawValue, $0.name) < ($1.store.rawValue, $1.name) }
        return report
    }
}
