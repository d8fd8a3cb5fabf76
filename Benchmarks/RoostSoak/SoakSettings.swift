import Foundation

/// How long, how hard, and on what.
struct SoakSettings {
    var minutes = 30.0
    var clientCount = 32
    var seed: UInt64 = 1
    /// The real model; the two others are made.
    var model: URL
    /// The program whose workers compute; `nil` computes in this process.
    var worker: URL?

    init(_ arguments: [String]) throws {
        guard let path = ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"], !path.isEmpty else {
            throw SoakError(description: "ROOST_TEST_MODEL is not set; run this with `make soak`.")
        }
        model = URL(fileURLWithPath: path)
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("roost")
        worker = FileManager.default.isExecutableFile(atPath: program.path) ? program : nil
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch (argument, rest.first.flatMap(Double.init)) {
            case ("--minutes", let value?) where value > 0: minutes = value
            case ("--clients", let value?) where value >= 1 && value <= 1000: clientCount = Int(value)
            case ("--seed", let value?) where value >= 0 && value < 1e15: seed = UInt64(value)
            case ("--in-process", _):
                worker = nil
                continue
            default:
                throw SoakError(
                    description: "“\(argument)” is not understood; there are --minutes N, --clients N, --seed N and "
                        + "--in-process.")
            }
            rest = rest.dropFirst()
        }
    }
}

/// A soak that could not be run, in one sentence.
struct SoakError: Error, CustomStringConvertible {
    let description: String
}
