/// What a grammar in GBNF may be before the engine reads it.
///
/// The engine's reader recurses into groups and into rules that begin with rules, and it follows every way in which a
/// rule can begin: a few lines can take all stack, all memory or all time. Here the grammar is read with limits, and
/// the ways are counted before anybody walks them.
enum GrammarBounds {
    /// Bytes of a grammar from outside.
    static let byteLimit = 256 << 10
    /// Bytes of a grammar that was made of a schema or a template.
    static let madeByteLimit = 4 << 20
    /// Groups within groups.
    static let depthLimit = 300
    /// Rules that begin with rules that begin with rules.
    static let chainLimit = 500
    /// Ways in which a rule can begin.
    static let wayLimit = 50_000

    /// Throws `InferenceError.invalidGrammar`.
    static func check(_ grammar: String, byteLimit: Int = GrammarBounds.byteLimit) throws {
        guard grammar.utf8.count <= byteLimit else {
            throw InferenceError.invalidGrammar(
                reason: "it has \(grammar.utf8.count) bytes, and \(byteLimit) are allowed")
        }
        guard !grammar.utf8.contains(0) else { throw InferenceError.invalidGrammar(reason: "it has a zero byte") }
        var reader = GrammarReader(grammar)
        let rules = try reader.read()
        guard rules["root"] != nil else {
            throw InferenceError.invalidGrammar(reason: "it has no rule named root")
        }
        var ways = GrammarWays(rules)
        for name in rules.keys { try ways.check(name) }
    }
}

/// One thing in a rule, with how often it may come.
struct GrammarItem {
    enum Content {
        /// A literal, a class or a token; whether it may be empty.
        case terminal(isEmpty: Bool)
        case rule(String)
        case group([[GrammarItem]])
    }

    var content: Content
    /// Whether it may be missing.
    var isOptional = false
    /// The most that it comes; large for no limit.
    var count = 1
}

/// Counts the ways in which rules begin.
private struct GrammarWays {
    private struct Beginning {
        var count: Int
        var mayBeEmpty: Bool
    }

    private let rules: [String: [[GrammarItem]]]
    private var known: [String: Beginning] = [:]
    private var open: Set<String> = []

    init(_ rules: [String: [[GrammarItem]]]) { self.rules = rules }

    mutating func check(_ name: String) throws { _ = try beginning(ofRule: name) }

    private mutating func beginning(ofRule name: String) throws -> Beginning {
        if let result = known[name] { return result }
        guard let alternatives = rules[name] else {
            throw InferenceError.invalidGrammar(reason: "the rule “\(name.prefix(80))” is not there")
        }
        guard open.count < GrammarBounds.chainLimit else {
            throw InferenceError.invalidGrammar(
                reason: "more than \(GrammarBounds.chainLimit) rules begin with one another")
        }
        guard open.insert(name).inserted else {
            throw InferenceError.invalidGrammar(reason: "the rule “\(name.prefix(80))” begins with itself")
        }
        defer { open.remove(name) }
        var result = try beginning(of: alternatives)
        result.count += 1
        guard result.count <= GrammarBounds.wayLimit else {
            throw InferenceError.invalidGrammar(
                reason: "the rule “\(name.prefix(80))” can begin in more than \(GrammarBounds.wayLimit) ways")
        }
        known[name] = result
        return result
    }

    private mutating func beginning(of alternatives: [[GrammarItem]]) throws -> Beginning {
        var result = Beginning(count: 0, mayBeEmpty: false)
        for alternative in alternatives {
            var isOpen = true
            for item in alternative where isOpen {
                let first = try beginning(of: item)
                result.count = min(result.count + first.count, GrammarBounds.wayLimit * 2)
                isOpen = first.mayBeEmpty
            }
            if isOpen {
                result.count += 1
                result.mayBeEmpty = true
            }
        }
        return result
    }

    private mutating func beginning(of item: GrammarItem) throws -> Beginning {
        var result =
            switch item.content {
            case .terminal(let isEmpty): Beginning(count: 1, mayBeEmpty: isEmpty)
            case .rule(let name): try beginning(ofRule: name)
            case .group(let alternatives): try beginning(of: alternatives)
            }
        if result.mayBeEmpty, item.count > 1, item.count < .max {
            // Each of them may be the one that it begins with.
            result.count = min(result.count, GrammarBounds.wayLimit) * min(item.count, GrammarBounds.wayLimit)
        }
        if item.isOptional {
            result.count += 1
            result.mayBeEmpty = true
        }
        return result
    }
}
