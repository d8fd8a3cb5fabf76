/// The version of Roost.
public enum RoostVersion {
    /// Semantic version of this source tree.
    public static let number = "0.1.0"
}
