import Roost
import Terminal

extension VerificationReport {
    /// What `roost verify` prints.
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
}

extension VerificationReport.File {
    /// What is wrong with it, in words.
    fileprivate var sentence: String {
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
