import Roost
import Terminal

/// One result of `roost verify`.
struct VerifiedModel: Encodable {
    enum Status: String, Encodable { case intact, damaged, missing, unavailable }

    /// One file of the model.
    struct File: Encodable {
        let role: StoreFileRole
        let name: String
        let digest: Digest
        let status: Status
        /// What a damaged file has instead.
        let found: Digest?
        /// Where it is damaged, in bytes, first and last; missing when that is not known.
        let damaged: [[Int64]]?

        init(_ file: FileVerification) {
            role = file.role
            name = file.name
            digest = file.expected
            (status, found) = VerifiedModel.status(file.outcome)
            damaged = file.damagedRanges.isEmpty ? nil : file.damagedRanges.map { [$0.lowerBound, $0.upperBound - 1] }
        }

        /// What is wrong with it, in words.
        var sentence: String {
            switch status {
            case .intact: "intact"
            case .damaged:
                "damaged\(places), content is \(found?.short ?? "other") instead of \(digest.short)"
            case .missing: "gone"
            case .unavailable: "in a model folder that is not there; mount its disk and try again"
            }
        }

        private var places: String {
            guard let damaged else { return "" }
            let list = damaged.prefix(5).map { "\($0[0])-\($0[1])" }.joined(separator: ", ")
            return " in bytes \(list)\(damaged.count > 5 ? " and \(damaged.count - 5) more places" : "")"
        }
    }

    let name: ModelName
    let digest: Digest
    let status: Status
    /// What the first damaged file has instead.
    let found: Digest?
    let files: [File]

    init(_ result: VerificationResult) {
        name = result.name
        digest = result.expected
        (status, found) = Self.status(result.outcome)
        files = result.files.map { File($0) }
    }

    var lines: [String] {
        let bad = files.filter { $0.status != .intact }
        if bad.isEmpty {
            return ["\(name.display): intact (\(files.count == 1 ? digest.short : "\(files.count) files"))"]
        }
        let mend = "“roost pull \(name.display)” fetches it again"
        return bad.map { file in
            let which = files.count == 1 ? "" : "\(file.role.rawValue) \(file.name.printable): "
            return "\(name.display): \(which)\(file.sentence)" + (file.status == .unavailable ? "" : "; \(mend)")
        }
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
