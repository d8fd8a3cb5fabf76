import Sizes

/// The most memory that models may take, as a person sets it; never more than the machine has left.
public enum MemoryLimit: Sendable, Hashable, Codable {
    /// What the machine has left.
    case available
    /// This many bytes, > 0.
    case bytes(Int64)
    /// This part of all memory, in 0…1.
    case share(Double)

    /// What it sets, whatever is left; `nil` when that is nothing, or a part of what is not known.
    ///
    /// - Parameter total: all memory that there is, in bytes; `nil` when unknown.
    public func byteCount(of total: Int64?) -> Int64? {
        switch self {
        case .available: nil
        case .bytes(let count): max(0, count)
        case .share(let part):
            total.map { Int64(exactly: (Double($0) * min(max(part.isFinite ? part : 1, 0), 1)).rounded()) ?? $0 }
        }
    }

    /// What it allows.
    ///
    /// - Parameters:
    ///   - total: all memory that there is, in bytes; `nil` when unknown, then a part is one of what is available.
    ///   - available: bytes that can be taken now.
    public func allowed(total: Int64?, available: Int64) -> Int64 {
        min(byteCount(of: total ?? available) ?? available, available)
    }
}

extension MemoryLimit {
    /// Reads bytes as people write them (`8GiB`, `6G`, `500M`, `1073741824`) or a part of the machine's memory (`80%`).
    /// `nil` when it is neither, or nothing.
    public init?(_ text: String) {
        let text = text.filter { !$0.isWhitespace }
        if text.hasSuffix("%") {
            guard let percent = SizeText.number(text.dropLast()), percent > 0, percent <= 100 else { return nil }
            self = .share(percent / 100)
        } else {
            guard let count = SizeText.byteCount(in: text), count >= 1, count < 9e18 else { return nil }
            self = .bytes(Int64(count.rounded()))
        }
    }
}
