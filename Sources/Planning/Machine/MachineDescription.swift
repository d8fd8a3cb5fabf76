import Foundation

/// One part of a machine's description, such as `2x24GB gpu 1008GB/s`, taken apart.
struct MachinePart {
    enum Kind { case graphics, memory, cores, known(KnownProcessor) }

    var kind: Kind
    var count = 1
    var memoryByteCount: Int64?
    var bytesPerSecond: Double?

    /// Largest amounts that are taken for meant.
    private static let counts = 1...64
    private static let coreCounts = 1...4096
    private static let memoryLimit = Double(Int64(1) << 50)
    private static let bandwidthLimit = 1e15

    private static let graphicsWords: Set = ["gpu", "gpus", "vram", "graphics", "card", "cards"]
    private static let memoryWords: Set = ["ram", "memory", "mem"]
    private static let coreWords: Set = ["core", "cores", "cpu", "cpus", "thread", "threads"]

    /// Throws `PlanningError.invalidMachine`.
    init(_ part: String, of text: String) throws {
        func refuse(_ rule: String) -> PlanningError { .invalidMachine(text: text, part: part, rule: rule) }
        var kinds: [Kind] = []
        var numbers: [Double] = []
        var names: [String] = []
        for word in try Self.words(part, refuse) {
            if let value = Self.amount(word, ["gb/s", "gib/s"], 1e9) ?? Self.amount(word, ["tb/s", "tib/s"], 1e12) {
                guard bytesPerSecond == nil else { throw refuse("has two bandwidths") }
                guard value > 0, value <= Self.bandwidthLimit else { throw refuse("has a bandwidth that cannot be") }
                bytesPerSecond = value
            } else if let value = Self.memory(word) {
                guard memoryByteCount == nil else { throw refuse("has two sizes of memory") }
                guard value > 0, value <= Self.memoryLimit else { throw refuse("has a size that cannot be") }
                memoryByteCount = Int64(value)
            } else if word.hasSuffix("x"), let number = Int(word.dropLast()) {
                guard Self.counts.contains(number) else { throw refuse("has a number of GPUs outside 1 to 64") }
                count = number
            } else if Self.graphicsWords.contains(word) {
                kinds.append(.graphics)
            } else if Self.memoryWords.contains(word) {
                kinds.append(.memory)
            } else if Self.coreWords.contains(word) {
                kinds.append(.cores)
            } else if let number = Double(word), names.isEmpty, number.isFinite {
                numbers.append(number)
            } else {
                names.append(word)
            }
        }
        guard names.isEmpty else {
            // "4090" after "rtx" is part of the name.
            guard let known = KnownProcessor.find(part) else { throw refuse("is not a processor that Roost knows") }
            guard numbers.isEmpty else { throw refuse("has a number without a unit") }
            kind = .known(known)
            return
        }
        guard let first = kinds.first, kinds.count == 1 || !kinds.contains(where: { Self.differ($0, first) }) else {
            throw refuse(kinds.isEmpty ? "says neither gpu, ram nor cores" : "says several things at once")
        }
        kind = first
        if case .cores = first {
            guard memoryByteCount == nil, bytesPerSecond == nil, let number = numbers.first, numbers.count == 1,
                let whole = Int(exactly: number), Self.coreCounts.contains(whole)
            else { throw refuse("has no whole number of cores from 1 to 4096") }
            count = whole
        } else {
            guard numbers.isEmpty else { throw refuse("has a number without a unit") }
            guard memoryByteCount != nil || bytesPerSecond != nil else { throw refuse("has no size") }
        }
    }

    /// The words in lower case; "24 GB" and "2 x 24GB" become one word each.
    private static func words(_ part: String, _ refuse: (String) -> PlanningError) throws -> [String] {
        var words: [String] = []
        let units: Set = ["gb", "gib", "g", "mb", "mib", "tb", "tib", "gb/s", "gib/s", "tb/s", "tib/s", "x", "×"]
        let lower = part.lowercased().replacingOccurrences(of: "×", with: "x")
        for word in lower.split(separator: " ").map(String.init) {
            if units.contains(word), let last = words.last, Double(last) != nil {
                words[words.count - 1] = last + word
            } else if let cut = word.firstIndex(of: "x"), cut != word.startIndex, Int(word[..<cut]) != nil,
                word.index(after: cut) != word.endIndex
            {
                words += [String(word[...cut]), String(word[word.index(after: cut)...])]
            } else {
                words.append(word)
            }
        }
        guard !words.isEmpty else { throw refuse("is empty") }
        return words
    }

    private static func memory(_ word: String) -> Double? {
        // Memory is sold in powers of two, whatever its unit is called.
        amount(word, ["gb", "gib", "g"], 0x1p30) ?? amount(word, ["mb", "mib", "m"], 0x1p20)
            ?? amount(word, ["tb", "tib", "t"], 0x1p40)
    }

    private static func amount(_ word: String, _ units: [String], _ factor: Double) -> Double? {
        for unit in units where word.hasSuffix(unit) {
            if let number = Double(word.dropLast(unit.count)), number.isFinite { return number * factor }
        }
        return nil
    }

    private static func differ(_ first: Kind, _ second: Kind) -> Bool {
        switch (first, second) {
        case (.graphics, .graphics), (.memory, .memory), (.cores, .cores), (.graphics, .memory): false
        default: true
        }
    }
}
