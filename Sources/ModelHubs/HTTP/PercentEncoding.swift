import Foundation

extension String {
    /// Encoded as one component of a URL's path or as a query's value: only letters, digits and `-._~` stay.
    var percentEncoded: String {
        var text = ""
        for byte in utf8 {
            if byte.isNameByte || byte == UInt8(ascii: "~") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                text += hex.utf8.count == 1 ? "%0" + hex : "%" + hex
            }
        }
        return text
    }
}

extension RepositoryPath {
    /// Encoded as a URL's path.
    var percentEncoded: String { components.map(\.percentEncoded).joined(separator: "/") }
}
