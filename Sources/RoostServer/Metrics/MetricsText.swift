/// Writes metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0.
struct MetricsText {
    /// Which of the two.
    enum Format: Sendable {
        case prometheus
        case openMetrics

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// What a metric is.
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// A value with its labels.
    struct Sample {
        let labels: [(String, String)]
        let value: Double

        init(_ value: Double, _ labels: [(String, String)] = []) {
            self.labels = labels
            self.value = value
        }

        init(_ value: Int, _ labels: [(String, String)] = []) {
            self.init(Double(value), labels)
        }
    }

    private let format: Format
    private var text = ""

    init(_ format: Format) { self.format = format }

    /// All that was added.
    var whole: String { format == .openMetrics ? text + "# EOF\n" : text }

    /// Adds a counter or a gauge. A counter's name ends in `_total`.
    mutating func add(_ kind: Kind, _ name: String, _ help: String, _ samples: [Sample]) {
        // OpenMetrics has the name of a counter without the end that its samples have.
        let family = kind == .counter && format == .openMetrics ? String(name.dropLast("_total".count)) : name
        head(kind, family, help)
        for sample in samples { line(name, sample.labels, sample.value) }
    }

    /// Adds a histogram of seconds.
    mutating func add(_ name: String, _ help: String, _ histograms: [(labels: [(String, String)], Histogram)]) {
        head(.histogram, name, help)
        for (labels, histogram) in histograms {
            var below = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                below += count
                line(name + "_bucket", labels + [("le", Self.number(bound))], Double(below))
            }
            line(name + "_bucket", labels + [("le", "+Inf")], Double(histogram.count))
            line(name + "_sum", labels, histogram.sum)
            line(name + "_count", labels, Double(histogram.count))
        }
    }

    private mutating func head(_ kind: Kind, _ name: String, _ help: String) {
        text +=
            "# HELP \(name) \(Self.escaped(help, quotes: format == .openMetrics))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    /// A name of a model may hold anything; a label's value is one line.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            // The formats have no escape for it: it reads as a backslash and an r.
            case "\r": result += "\\\\r"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
