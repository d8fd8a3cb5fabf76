/// Usual quantizations of whole models, with the bits that a weight takes on average (llama.cpp's `quantize`, Llama 3.1 8B).
public enum Quantization {
    /// The name and the bits of a weight, most bits first.
    public static let usual: [(name: String, bits: Double)] = [
        ("F16", 16), ("Q8_0", 8.5), ("Q6_K", 6.56), ("Q5_K_M", 5.7), ("Q4_K_M", 4.89), ("Q4_K_S", 4.67),
        ("IQ4_XS", 4.46),
        ("Q3_K_M", 4.0), ("IQ3_XS", 3.5), ("Q2_K", 3.16), ("IQ2_XS", 2.59),
    ]

    /// The best one that takes at most so many bytes of a model that takes others in another one; never one of as many
    /// bits or more.
    ///
    /// What a quantization takes of a model depends on how much of it is embeddings and such: sizes are scaled from the
    /// file that is known.
    static func largest(within byteCount: Int64, of geometry: ModelGeometry) -> (name: String, byteCount: Int64)? {
        guard geometry.parameterCount > 0, geometry.weightByteCount > 0 else { return nil }
        let actual = Double(geometry.weightByteCount) * 8 / Double(geometry.parameterCount)
        let own = geometry.quantization.flatMap(bits) ?? actual
        for (name, bits) in usual where bits < own - 0.05 {
            let size = Int64(bytes: Double(geometry.weightByteCount) * bits / own)
            if size <= byteCount { return (name, size) }
        }
        return nil
    }

    /// The bits of a weight; `nil` for a name that is not known.
    public static func bits(_ name: String) -> Double? {
        let name = name.uppercased()
        if let known = usual.first(where: { $0.name == name }) { return known.bits }
        switch name {
        case "F32": return 32
        case "BF16": return 16
        case "Q5_K_S", "Q5_0", "Q5_K": return 5.55
        case "Q4_0", "Q4_K", "IQ4_NL", "MXFP4": return 4.6
        case "Q3_K_S", "Q3_K_L", "Q3_K": return 4.0
        default: return nil
        }
    }
}
