import ControlGroups
import Foundation

/// Roost's settings, before and after tuning, against those that llama.cpp and Ollama would choose: on the whole
/// machine, and within a quota of one core where a control group can be made.
struct TuneBenchmark {
    let model: URL
    let rounds: Int
    let seconds: Double

    func run() throws -> [TuneReport] {
        print("\(model.lastPathComponent): tuning for \(Int(seconds)) s, then \(rounds) rounds in turns")
        var reports = [try measure(quota: nil)]
        reports[0].printTable()
        if let group = try? ControlGroup(quota: 1) {
            defer { group.remove() }
            let report = try measure(quota: 1, in: group)
            report.printTable()
            reports.append(report)
        } else {
            print("\nNo control group can be made here (that needs root on Linux): nothing is measured within a quota.")
        }
        return reports
    }

    private func measure(quota: Double?, in group: ControlGroup? = nil) throws -> TuneReport {
        let program = [
            URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL.path, "tune-child", model.path,
            "\(rounds)", "\(seconds)", quota.map { "\($0)" } ?? "",
        ]
        let output =
            try group.map {
                try ProgramOutput.of(URL(fileURLWithPath: "/bin/sh"), $0.arguments(running: program))
            } ?? ProgramOutput.of(URL(fileURLWithPath: program[0]), Array(program.dropFirst()))
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let report = try? decoder.decode(TuneReport.self, from: output) else {
            throw BenchError(description: "The measurement gave no figures; its message is above.")
        }
        return report
    }
}
