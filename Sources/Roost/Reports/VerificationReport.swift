public import ModelStore
public import Security

/// What a verification found: `roost verify --json`, `POST /roost/v1/models/{name}/verify`.
public struct VerificationReport: Sendable, Hashable, Encodable {
    /// How something was found.
    public enum Status: String, Sendable, Hashable, Encodable, CaseIterable {
        case intact, damaged, missing, unavailable
    }

    /// One file of the model.
    public struct File: Sendable, Hashable, Encodable {
        /// What it is to the model.
        public let role: StoreFileRole
        /// Its name at the source.
        public let name: String
        /// What its content must be.
        public let digest: Digest
        /// How it was found.
        public let status: Status
        /// What a damaged file has instead.
        public let found: Digest?
        /// Where it is damaged, in bytes, first and last; missing when that is not known.
        public let damaged: [[Int64]]?

        init(_ file: FileVerification) {
            role = file.role
            name = file.name
            digest = file.expected
            (status, found) = VerificationReport.status(file.outcome)
            damaged = file.damagedRanges.isEmpty ? nil : file.damagedRanges.map { [$0.lowerBound, $0.upperBound - 1] }
        }
    }

    /// The model.
    public let name: ModelName
    /// The digest of its weights.
    public let digest: Digest
    /// How it was found.
    public let status: Status
    /// What the first damaged file has instead.
    public let found: Digest?
    /// Each file.
    public let files: [File]

    /// A verification that was done.
    public init(_ result: VerificationResult) {
        name = result.name
        digest = result.expected
        (status, found) = Self.status(result.outcome)
        files = result.files.map { File($0) }
    }

    private static func status(_ outcome: VerificationResult.Outcome) -> (Status, Digest?) {
        switch outcome {
        case .intact: (.intact, nil)
        case .damaged(let other, _): (.damaged, other)
        case .missing: (.missing, nil)
        case .unavailable: (.unavailable, nil)
        }
    }
}
