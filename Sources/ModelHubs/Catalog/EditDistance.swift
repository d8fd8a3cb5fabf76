/// How many letters differ between two words.
enum EditDistance {
    /// Levenshtein's distance; `limit` when it is that or more.
    static func between(_ first: String, _ second: String, atMost limit: Int) -> Int {
        let left = Array(first.utf8)
        let right = Array(second.utf8)
        guard abs(left.count - right.count) < limit, left.count <= 256, right.count <= 256 else { return limit }
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let substituted = diagonal + (letter == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
            }
        }
        return min(row[right.count], limit)
    }
}
