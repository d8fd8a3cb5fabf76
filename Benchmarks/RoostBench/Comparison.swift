import Foundation

/// Figures of ours and of a peer, taken in pairs; more is better.
struct Comparison {
    let name: String
    let unit: String
    private var pairs: [(ours: Double, peer: Double)] = []

    init(name: String, unit: String) {
        self.name = name
        self.unit = unit
    }

    mutating func add(ours: Double, peer: Double) { pairs.append((ours, peer)) }

    /// Median of each, median and range of the ratios of the pairs.
    func printLine(peerName: String) {
        let ratios = pairs.map { $0.ours / $0.peer }.sorted()
        guard let least = ratios.first, let most = ratios.last else { return }
        print(
            String(
                format: "%@: Roost %.1f %@, %@ %.1f %@, ratio %.3f (%.3f to %.3f over %d pairs)",
                name, Self.median(pairs.map(\.ours)), unit, peerName, Self.median(pairs.map(\.peer)), unit,
                Self.median(ratios), least, most, ratios.count))
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
