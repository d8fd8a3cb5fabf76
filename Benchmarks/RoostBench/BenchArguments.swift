/// What the command line asks for: names of benchmarks, all without one, and options.
struct BenchArguments {
    static let known = ["gguf", "speed", "serving", "server", "tune", "download"]

    private(set) var chosen: [String] = []
    private(set) var wantsJSON = false
    /// Rounds of each setting of the download benchmark.
    private(set) var downloadRounds = 3
    private(set) var downloadSettings = DownloadSetting.allCases
    private(set) var downloadTools = DownloadTool.allCases
    /// Rounds of each workload of the serving benchmark.
    private(set) var servingRounds = 5
    /// Rounds of each row of the server benchmark.
    private(set) var serverRounds = 9
    /// Rounds of the comparison of settings.
    private(set) var tuneRounds = 15
    /// Seconds that the tuner gets.
    private(set) var tuneSeconds = 60.0
    /// Workloads of the serving benchmark; `nil` is all.
    private(set) var servingWorkloads: [String]?
    /// The size of the downloaded file in bytes.
    private(set) var downloadByteCount: Int64 = 2_000_000_000

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        var without: [String] = []
        while let argument = rest.popFirst() {
            switch argument {
            case "--json": wantsJSON = true
            case "--without": without += try Self.names(&rest, after: argument, of: Self.known)
            case "--rounds":
                downloadRounds = Int(try Self.count(&rest, after: argument, in: 1...1000))
                servingRounds = downloadRounds
                serverRounds = downloadRounds
                tuneRounds = downloadRounds
            case "--seconds": tuneSeconds = Double(try Self.count(&rest, after: argument, in: 5...3600))
            case "--workloads":
                servingWorkloads = try Self.value(&rest, after: argument).split(separator: ",").map(String.init)
            case "--size": downloadByteCount = try Self.count(&rest, after: argument, in: 1_000_000...1_000_000_000_000)
            case "--settings":
                let names = try Self.names(&rest, after: argument, of: DownloadSetting.allCases.map(\.rawValue))
                downloadSettings = names.compactMap(DownloadSetting.init)
            case "--tools":
                let names = try Self.names(&rest, after: argument, of: DownloadTool.allCases.map(\.rawValue))
                downloadTools = DownloadTool.allCases.filter { $0 == .roost || names.contains($0.rawValue) }
            default:
                guard Self.known.contains(argument) else {
                    throw BenchError(
                        description:
                            "There is no benchmark or option “\(argument)”; there are \(Self.known.joined(separator: ", ")) "
                            + "and --without, --json, --rounds, --seconds, --workloads, --size, --settings, --tools.")
                }
                chosen.append(argument)
            }
        }
        if chosen.isEmpty { chosen = Self.known }
        chosen.removeAll { without.contains($0) }
    }

    private static func value(_ rest: inout ArraySlice<String>, after name: String) throws -> String {
        guard let value = rest.popFirst() else { throw BenchError(description: "\(name) needs a value after it.") }
        return value
    }

    /// Names with commas between them.
    private static func names(_ rest: inout ArraySlice<String>, after option: String, of known: [String]) throws
        -> [String]
    {
        let names = try value(&rest, after: option).split(separator: ",").map(String.init)
        if let unknown = names.first(where: { !known.contains($0) }) {
            throw BenchError(
                description: "\(option) knows no “\(unknown)”; it knows \(known.joined(separator: ", ")).")
        }
        return names
    }

    private static func count(_ rest: inout ArraySlice<String>, after name: String, in range: ClosedRange<Int64>) throws
        -> Int64
    {
        let text = try value(&rest, after: name)
        guard let count = Int64(text), range.contains(count) else {
            throw BenchError(
                description: "\(name) \(text): a number from \(range.lowerBound) to \(range.upperBound) is needed.")
        }
        return count
    }
}
