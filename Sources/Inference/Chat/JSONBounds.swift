/// How large and how deep JSON from outside may be, before code that recurses reads it.
enum JSONBounds {
    struct Violation: Error {
        var reason: String
    }

    /// Looks at brackets outside of strings only; whether it is JSON at all is for its reader.
    ///
    /// Throws `Violation`.
    static func check(_ text: String, byteLimit: Int, depthLimit: Int) throws {
        guard text.utf8.count <= byteLimit else {
            throw Violation(reason: "it has \(text.utf8.count) bytes, and \(byteLimit) are allowed")
        }
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= depthLimit else {
                    throw Violation(reason: "it is nested deeper than \(depthLimit)")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case 0: throw Violation(reason: "it has a zero byte")
            default: break
            }
        }
    }
}
