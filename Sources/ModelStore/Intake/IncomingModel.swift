/// A model whose files are here, to be entered in the store by ``ModelStore/register(_:replacing:linking:progress:)``.
public struct IncomingModel: Sendable, Hashable {
    /// The name it gets.
    public var name: ModelName
    /// Its files: weights in one file or in parts, and what goes with them.
    public var files: [IncomingFile]
    /// Where it came from.
    public var provenance: Provenance
    /// The text of its licence; kept as a file of the model.
    public var licenseText: String?

    /// A model to be entered.
    public init(name: ModelName, files: [IncomingFile], provenance: Provenance, licenseText: String? = nil) {
        self.name = name
        self.files = files
        self.provenance = provenance
        self.licenseText = licenseText
    }
}
