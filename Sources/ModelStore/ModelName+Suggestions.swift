extension ModelName {
    /// Up to three of `names` that a person who typed `self` may have meant, best first.
    func suggestions(among names: [ModelName]) -> [ModelName] {
        let wanted = Array(key.utf8)
        let limit = max(2, name.utf8.count / 3)
        let ranked: [(rank: Int, name: ModelName)] = names.compactMap { candidate in
            // The same model with another tag is nearest of all.
            if candidate.name.lowercased() == name.lowercased() { return (0, candidate) }
            let distance = Self.editDistance(wanted, Array(candidate.key.utf8))
            if distance <= limit { return (distance, candidate) }
            let isPart = name.utf8.count >= 3 && candidate.key.contains(name.lowercased())
            return isPart ? (limit + 1, candidate) : nil
        }
        return ranked.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.prefix(3).map(\.name)
    }

    /// Levenshtein distance, one row at a time.
    private static func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (i, a) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in second.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[second.count]
    }
}
