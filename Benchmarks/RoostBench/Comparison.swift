import Foundation

/// Figures of ours and of a peer, taken in pairs.
struct Comparison: Codable {
    /// Two figures taken one after the other.
    struct Pair: Codable {
        let ours: Double
        let peer: Double
    }

    let name: String
    let unit: String
    private var pairs: [Pair] = []

    init(name: String, unit: String) {
        self.name = name
        self.unit = unit
    }

    mutating func add(ours: Double, peer: Double) { pairs.append(Pair(ours: ours, peer: peer)) }

    /// Ours by the peer's, pair for pair; `nil` without a pair.
    var ratio: Spread? { Spread(pairs.map { $0.ours / $0.peer }) }

    /// Median of each, median and range of the ratios of the pairs.
    func printLine(peerName: String) {
        guard let ours = Spread(pairs.map(\.ours)), let peer = Spread(pairs.map(\.peer)), let ratio else { return }
        print(
            String(
                format: "%@: Roost %.1f %@, %@ %.1f %@, ratio %.3f (%.3f to %.3f over %d pairs)",
                name, ours.median, unit, peerName, peer.median, unit, ratio.median, ratio.least, ratio.most,
                pairs.count))
    }
}
