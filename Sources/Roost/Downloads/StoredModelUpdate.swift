public import ModelHubs
public import ModelStore

/// A model of the store beside what its source has now.
public struct StoredModelUpdate: Sendable, Hashable {
    /// The model as it is here.
    public let record: ModelRecord
    /// What its source has now, and what differs.
    public let update: ModelUpdate
}
