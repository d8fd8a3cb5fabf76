import Foundation

extension String {
    /// The text for a message: one line, no control or direction-changing characters, 200 characters at most.
    var shown: String {
        var text = ""
        for scalar in unicodeScalars.prefix(200) {
            text += scalar.isHidden ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return unicodeScalars.count > 200 ? text + "…" : text
    }
}

extension Unicode.Scalar {
    /// Characters that a reader does not see, or that change how the text around them looks.
    var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}

extension URL {
    /// The address without user, query and fragment: what may be written to a message or a log.
    var shown: String {
        guard var parts = URLComponents(url: self, resolvingAgainstBaseURL: true) else { return "an address" }
        parts.user = nil
        parts.password = nil
        parts.query = nil
        parts.fragment = nil
        return parts.string ?? "an address"
    }
}
