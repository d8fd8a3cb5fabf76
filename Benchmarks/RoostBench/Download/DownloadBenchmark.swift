import Foundation
import Security

/// Downloads of one large file over loopback: Roost beside the tools that people use, verification included.
///
/// Each download is a process of its own, as is the server. The tools take turns, another one first in each round.
/// What a tool left is removed, the disk is given time to write, and memory is made ready before the next one starts.
struct DownloadBenchmark {
    let settings: [DownloadSetting]
    let tools: [DownloadTool]
    let rounds: Int
    let byteCount: Int64
    /// Where the file is kept and where the downloads go.
    let folder: URL
    /// The folder of this program and of the two beside it.
    let programs: URL
    /// Paths of the peers that are not to be looked for by name.
    let peers: [DownloadTool: String]

    /// A download that takes longer has failed.
    private static let timeLimit = 900
    /// The folder of a run is named for its process.
    private static let workPrefix = "work-"

    struct Part: Codable {
        let setting: DownloadSetting
        let samples: [DownloadSample]
    }

    func run() throws -> DownloadReport {
        try removeLeftovers()
        try checkSpace()
        let file = try PseudorandomFile(byteCount: byteCount, folder: folder)
        let work = folder.appendingPathComponent(
            Self.workPrefix + "\(ProcessInfo.processInfo.processIdentifier)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: work) }
        let tools = self.tools.filter { isThere($0) }
        var parts: [Part] = []
        for setting in settings {
            let server = try BenchServer(
                program: programs.appendingPathComponent("BenchServer"), file: file, setting: setting)
            defer { server.stop() }
            var samples: [DownloadSample] = []
            for round in 0..<rounds {
                for turn in tools.indices {
                    let tool = tools[(turn + round) % tools.count]
                    // What cannot be done is not tried again and again.
                    if samples.contains(where: { $0.tool == tool && $0.failure != nil }) { continue }
                    let sample = try measure(
                        tool, round: round, server: server, setting: setting, file: file, work: work)
                    samples.append(sample)
                    tell(setting, sample)
                }
            }
            parts.append(Part(setting: setting, samples: samples))
        }
        return DownloadReport(byteCount: byteCount, rounds: rounds, tools: tools, parts: parts)
    }

    private func measure(
        _ tool: DownloadTool, round: Int, server: BenchServer, setting: DownloadSetting, file: PseudorandomFile,
        work: URL
    ) throws -> DownloadSample {
        let target = work.appendingPathComponent("target", isDirectory: true)
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        sync()
        FreshMemory.touch(byteCount: Int(byteCount) + (512 << 20))
        let job = DownloadTool.Job(
            server: server.url, digest: file.digest.hexadecimal, byteCount: byteCount, folder: target, setting: setting)
        var programs = peers
        programs[.roost] = self.programs.appendingPathComponent("RoostBench").path
        let load = systemLoad
        _ = try server.statistics()
        let (run, output, messages) = try MeteredRun.run(
            tool.command(job, programs: programs), environment: tool.environment(job),
            meter: self.programs.appendingPathComponent("ProcessMeter"), timeLimit: Self.timeLimit,
            report: work.appendingPathComponent("report"))
        let statistics = try server.statistics()
        var failure: String?
        if run.isOverdue {
            failure = "not done after \(Self.timeLimit) s"
        } else if run.status != 0 {
            let said = messages.split(separator: "\n").last.map { ": " + $0.prefix(160) } ?? ""
            failure = "ended with \(run.status)\(said)"
        } else if (try? PseudorandomFile.digest(of: tool.target(job))) != file.digest {
            failure = "the file is not what it must be"
        }
        return DownloadSample(
            tool: tool, round: round, run: run, server: statistics,
            roost: try? JSONDecoder().decode(DownloadMeasurement.Result.self, from: output), failure: failure,
            load: load)
    }

    /// Runs that were killed left gigabytes.
    private func removeLeftovers() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            guard name.hasPrefix(Self.workPrefix), let process = pid_t(name.dropFirst(Self.workPrefix.count)),
                kill(process, 0) != 0
            else { continue }
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
    }

    /// Room for the file, for one download of it and for one more that is being removed.
    private func checkSpace() throws {
        let needed = 3 * byteCount + 500_000_000
        let facts = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
        guard let free = (facts[.systemFreeSize] as? NSNumber)?.int64Value, free < needed else { return }
        throw BenchError(
            description: "\(folder.path) has \(free / 1_000_000) MB free; the download benchmark needs "
                + "\(needed / 1_000_000) MB. Choose another place with ROOST_BENCH_CACHE, or leave it out: --without download."
        )
    }

    private func isThere(_ tool: DownloadTool) -> Bool {
        guard tool != .roost else { return true }
        let name = peers[tool] ?? tool.rawValue
        let found = try? ProgramOutput.of(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "command -v \"$1\"", "sh", name])
        guard let found, !found.isEmpty else {
            say("\(name) is not installed and is left out.")
            return false
        }
        return true
    }

    private func tell(_ setting: DownloadSetting, _ sample: DownloadSample) {
        let end = sample.failure ?? String(format: "%.2f s", sample.run.seconds)
        say("\(setting.rawValue), round \(sample.round + 1) of \(rounds), \(sample.tool.rawValue): \(end)")
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

    private var systemLoad: Double {
        var averages = [0.0]
        return getloadavg(&averages, 1) == 1 ? averages[0] : .nan
    }
}
