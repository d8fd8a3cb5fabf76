import Foundation

/// Sizes as people read and write them.
package enum SizeText {
    /// Bytes in decimal units, with three digits, as everywhere in Roost: `253 MB`, `1.93 GB`, `512 B`.
    package static func text(_ byteCount: Int64) -> String {
        guard byteCount.magnitude >= 1000 else { return "\(byteCount) B" }
        return scaled(Double(byteCount), units: ["kB", "MB", "GB", "TB", "PB", "EB"], separator: " ")
    }

    /// A number of at least 1000 in the unit that leaves three digits, each 1000 of the one before.
    package static func scaled(_ value: Double, units: [String], separator: String) -> String {
        var scaled = value / 1000
        var index = 0
        while abs(scaled) >= 999.5, index < units.count - 1 {
            scaled /= 1000
            index += 1
        }
        return digits(scaled) + separator + units[index]
    }

    /// Three significant digits without zeros at the end of a fraction.
    package static func digits(_ value: Double) -> String {
        let size = abs(value)
        var text = String(format: size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f", value)
        if text.contains(".") {
            while text.last == "0" { text.removeLast() }
            if text.last == "." { text.removeLast() }
        }
        return text
    }

    /// Bytes as people write them: `8GiB`, `6G`, `1.5 MB`, `1073741824`; `K`, `M`, `G`, `T` are powers of 1000, `Ki` … of
    /// 1024. `nil` when it is none.
    package static func byteCount(in text: String) -> Double? {
        var rest = text.lowercased().filter { !$0.isWhitespace }[...]
        if rest.hasSuffix("b") { rest = rest.dropLast() }
        let isBinary = rest.hasSuffix("i")
        if isBinary { rest = rest.dropLast() }
        var factor = 1.0
        if let letter = rest.last, let index = Array("kmgt").firstIndex(of: letter) {
            for _ in 0...index { factor *= isBinary ? 1024 : 1000 }
            rest = rest.dropLast()
        } else if isBinary {
            return nil
        }
        return number(rest).map { $0 * factor }
    }

    /// Digits and a point, and nothing else that Swift takes for a number.
    package static func number(_ text: Substring) -> Double? {
        text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") } ? Double(text) : nil
    }
}
