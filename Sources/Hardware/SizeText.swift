import Foundation

/// Sizes as people read them: decimal units, three digits, as everywhere in Roost.
package enum SizeText {
    private static let units = ["kB", "MB", "GB", "TB", "PB", "EB"]

    package static func text(_ byteCount: Int64) -> String {
        guard byteCount.magnitude >= 1000 else { return "\(byteCount) B" }
        var value = Double(byteCount) / 1000
        var index = 0
        while abs(value) >= 999.5, index < units.count - 1 {
            value /= 1000
            index += 1
        }
        let size = abs(value)
        var text = String(format: size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f", value)
        if text.contains(".") {
            while text.last == "0" { text.removeLast() }
            if text.last == "." { text.removeLast() }
        }
        return text + " " + units[index]
    }
}
