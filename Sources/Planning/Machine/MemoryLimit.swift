/// The most memory that models may take, as a person sets it.
public enum MemoryLimit: Sendable, Hashable, Codable {
    /// So many bytes.
    case bytes(Int64)
    /// This part of what there is, 0…1.
    case share(Double)

    /// What it allows.
    ///
    /// - Parameters:
    ///   - total: all that there is; `nil` when unknown, then a part is one of what is available.
    ///   - available: what can be taken now.
    func allowed(total: Int64?, available: Int64) -> Int64 {
        switch self {
        case .bytes(let count): min(max(0, count), available)
        case .share(let part):
            min(Int64(Double(total ?? available) * min(max(part.isFinite ? part : 1, 0), 1)), available)
        }
    }
}
