/// The name of a number format as file names and tags carry it: `Q4_K_M`, `UD-Q4_K_XL`, `BF16`, `MXFP4`.
public struct QuantizationLabel: Hashable, Sendable, LosslessStringConvertible {
    /// In upper case.
    public let description: String

    private static let plain: Set<String> = [
        "F16", "F32", "F64", "BF16", "FP16", "FP32", "FP8", "MXFP4", "MXFP4_MOE", "NVFP4",
    ]
    private static let suffixes: Set<Substring> = [
        "0", "1", "4", "8", "K", "S", "M", "L", "XL", "XS", "XXS", "NL", "P",
    ]

    /// `nil` when the text is not one, in any letter case.
    public init?(_ description: String) {
        let text = description.uppercased()
        let plainPart = text.hasPrefix("UD-") ? String(text.dropFirst(3)) : text
        guard Self.isLabel(plainPart) else { return nil }
        self.description = text
    }

    /// The last label in a file's name, without its folder; `nil` when there is none.
    ///
    /// Names separate it by `-` or `.`, some by `_`: `phi-2.Q4_K_M.gguf`, `model-UD-Q4_K_XL-00001-of-00002.gguf`.
    public init?(inFileName name: String) {
        let tokens = name.uppercased().split { $0 == "-" || $0 == "." }
        for index in tokens.indices.reversed() {
            let parts = tokens[index].split(separator: "_")
            for start in parts.indices {
                // The longest run from here that is a label: Q4_K_M of Q4_K_M_IMAT.
                let ends = parts.indices[start...].reversed()
                guard let end = ends.first(where: { Self.isLabel(parts[start...$0].joined(separator: "_")) }) else {
                    continue
                }
                let label = parts[start...end].joined(separator: "_")
                let isDynamic = start == 0 && index > tokens.startIndex && tokens[index - 1] == "UD"
                description = isDynamic ? "UD-" + label : label
                return
            }
        }
        return nil
    }

    private static func isLabel(_ text: String) -> Bool {
        if plain.contains(text) { return true }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard let first = parts.first, let prefix = ["IQ", "TQ", "Q"].first(where: { first.hasPrefix($0) }) else {
            return false
        }
        let digits = first.dropFirst(prefix.count)
        return digits.count == 1 && digits.allSatisfy { ("1"..."8").contains($0) }
            && parts.dropFirst().allSatisfy { suffixes.contains($0) }
    }
}
