/// What a chat template may be and make. Templates are programs from strangers, and the runtime that renders them has
/// neither a step count nor a way to be interrupted: what can be known before is refused before; the rest is bounded by
/// ``TemplateCache``'s time limit and by the worker's memory limit.
enum TemplateBounds {
    /// Bytes of a template. As at import.
    static let byteLimit = 256 << 10
    /// Brackets and blocks within each other: the parser recurses.
    static let depthLimit = 200
    /// Bytes of one expression or statement.
    static let blockByteLimit = 16 << 10
    /// `elif`s, each of which the parser takes for an `if` within the last one.
    static let branchLimit = 2000
    /// The largest number that may be written in `range(…)`.
    static let rangeLimit = 100_000
    /// Bytes of a rendered prompt and what goes with it, beside 32 for each byte of the conversation.
    static let outputByteLimit = 4 << 20

    /// Throws `InferenceError.templateFailed` for a template that is too large, too deep or counts too far.
    static func check(_ template: String) throws {
        guard template.utf8.count <= byteLimit else {
            throw InferenceError.templateFailed(
                reason: "it has \(template.utf8.count) bytes, and \(byteLimit) are allowed")
        }
        var depth = 0
        var deepest = 0
        for byte in template.utf8 {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: break
            }
            deepest = max(deepest, depth)
        }
        deepest = max(deepest, blockDepth(of: template))
        guard deepest <= depthLimit else {
            throw InferenceError.templateFailed(
                reason: "it is nested \(deepest) deep, and \(depthLimit) are allowed")
        }
        let longest = longestBlock(of: template)
        guard longest <= blockByteLimit else {
            throw InferenceError.templateFailed(
                reason: "one of its expressions has \(longest) bytes, and \(blockByteLimit) are allowed")
        }
        let branchCount = template.split(separator: "elif", omittingEmptySubsequences: false).count - 1
        guard branchCount <= branchLimit else {
            throw InferenceError.templateFailed(
                reason: "it has \(branchCount) branches, and \(branchLimit) are allowed")
        }
        if let number = numbers(inRangesOf: template).first(where: { $0 > rangeLimit }) {
            throw InferenceError.templateFailed(
                reason: "it counts to \(number) with range(), and \(rangeLimit) is allowed")
        }
    }

    /// Throws `InferenceError.templateFailed` when a rendering is out of all proportion.
    static func check(outputByteCount: Int, inputByteCount: Int) throws {
        let limit = outputByteLimit + 32 * inputByteCount
        guard outputByteCount <= limit else {
            throw InferenceError.templateFailed(
                reason: "it made \(outputByteCount) bytes of a conversation of \(inputByteCount)")
        }
    }

    /// How deep `if`, `for`, `macro` and the like stand within each other.
    private static func blockDepth(of template: String) -> Int {
        var depth = 0
        var deepest = 0
        for part in template.split(separator: "{%", omittingEmptySubsequences: false).dropFirst() {
            let word = part.drop { $0 == "-" || $0 == "+" || $0.isWhitespace }.prefix { $0.isLetter }
            switch word {
            case "if", "for", "macro", "call", "filter", "generation", "set", "block": depth += 1
            case let end where end.hasPrefix("end"): depth = max(0, depth - 1)
            default: break
            }
            // `set` opens a block only without a value.
            if word == "set", part.prefix(while: { $0 != "%" }).contains("=") { depth -= 1 }
            deepest = max(deepest, depth)
        }
        return deepest
    }

    /// The longest `{{ … }}` or `{% … %}` in bytes: a long chain of operators is a deep tree.
    private static func longestBlock(of template: String) -> Int {
        var longest = 0
        var start: Int?
        var previous: UInt8 = 0
        for (index, byte) in template.utf8.enumerated() {
            switch (previous, byte) {
            case (UInt8(ascii: "{"), UInt8(ascii: "{")), (UInt8(ascii: "{"), UInt8(ascii: "%")):
                start = start ?? index
            case (UInt8(ascii: "}"), UInt8(ascii: "}")), (UInt8(ascii: "%"), UInt8(ascii: "}")):
                if let begin = start { longest = max(longest, index - begin) }
                start = nil
            default: break
            }
            previous = byte
        }
        if let start { longest = max(longest, template.utf8.count - start) }
        return longest
    }

    /// The numbers that are written out in calls of `range`.
    private static func numbers(inRangesOf template: String) -> [Int] {
        template.split(separator: "range", omittingEmptySubsequences: false).dropFirst().flatMap { part in
            let call = part.drop { $0.isWhitespace }
            guard call.first == "(" else { return [Int]() }
            return call.dropFirst().prefix { $0 != ")" }.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                .filter { $0.first?.isASCII == true && $0.first?.isNumber == true }
                .map { Int($0.filter { $0 != "_" }) ?? .max }
        }
    }
}
