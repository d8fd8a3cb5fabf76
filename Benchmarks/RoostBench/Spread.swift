/// The middle and the ends of some figures.
struct Spread: Codable {
    var median: Double
    var least: Double
    var most: Double

    /// `nil` when there are none.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        self.least = least
        self.most = most
    }
}
