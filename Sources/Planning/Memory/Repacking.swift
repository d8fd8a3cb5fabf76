import ModelFormats

/// Which weights the CPU's back end copies into an order that its kernels read faster (ggml-cpu/repack.cpp): they are in
/// memory of the process's own, not in the mapped file.
public struct Repacking: Sendable, Hashable, Codable {
    /// The names of the types.
    public var typeNames: Set<String>

    /// For a processor.
    ///
    /// - Parameters:
    ///   - architecture: `x86_64` or `arm64`.
    ///   - features: what its instruction set has; `nil` when unknown, which is taken for that of common ones.
    public init(architecture: String, features: [String]?) {
        let has = { (names: [String]) in features.map { known in names.contains { known.contains($0) } } }
        if architecture.hasPrefix("arm") || architecture.hasPrefix("aarch") {
            let dot = has(["asimddp", "dotprod", "FEAT_DotProd"]) ?? true
            typeNames = dot ? ["Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0", "IQ4_NL", "MXFP4"] : []
        } else {
            typeNames = has(["avx2"]) ?? true ? ["Q4_0", "Q4_K", "IQ4_NL", "MXFP4"] : []
            if has(["avx512f"]) ?? false { typeNames.insert("Q2_K") }
        }
    }

    func applies(to group: WeightGroup) -> Bool { group.isMatrix && typeNames.contains(group.type.name) }
}
