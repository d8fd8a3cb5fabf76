import Foundation

// `make soak` runs this: half an hour of clients that behave and clients that do not, on three models where two have
// room. It ends with 1 when something leaked, hung or was unfair.
do {
    let settings = try SoakSettings(Array(CommandLine.arguments.dropFirst()))
    let problems = try await Soak(settings).run()
    for problem in problems { print("PROBLEM: \(problem)") }
    print(problems.isEmpty ? "The soak found no problem." : "The soak found \(problems.count) problems.")
    exit(problems.isEmpty ? 0 : 1)
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
}
