import Foundation

/// The figures of ``DownloadBenchmark``, for people and for programs.
struct DownloadReport: Codable {
    let byteCount: Int64
    let rounds: Int
    let tools: [DownloadTool]
    let parts: [DownloadBenchmark.Part]
    var cores = ProcessInfo.processInfo.activeProcessorCount

    func printTable() {
        for part in parts {
            print(
                String(
                    format: "%.2f GB over loopback, %@; %d rounds in turns, verification included:",
                    Double(byteCount) / 1e9, part.setting.title, rounds))
            print(
                "  " + column("", 24) + column("seconds", 24) + column("CPU s", 9) + column("peak MB", 9)
                    + "Roost's time by its")
            for tool in tools { printLine(of: tool, in: part) }
            printRoost(part)
        }
    }

    /// One line of JSON.
    func printJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }

    private func printLine(of tool: DownloadTool, in part: DownloadBenchmark.Part) {
        let samples = part.samples.filter { $0.tool == tool }
        if let failure = samples.compactMap(\.failure).first {
            return print("  \(column(tool.title, 24))\(failure)")
        }
        guard let seconds = Spread(samples.map(\.run.seconds)), let cpu = Spread(samples.map(\.run.cpuSeconds)),
            let peak = Spread(samples.map { Double($0.run.peakByteCount) / 1e6 })
        else { return }
        var line = "  " + column(tool.title, 24)
        line += column(String(format: "%.2f (%.2f to %.2f)", seconds.median, seconds.least, seconds.most), 24)
        line += column(String(format: "%.2f", cpu.median), 9) + column(String(format: "%.0f", peak.most), 9)
        var comparison = Comparison(name: tool.title, unit: "s")
        for peer in samples where tool != .roost {
            guard
                let ours = part.samples.first(where: {
                    $0.tool == .roost && $0.round == peer.round && $0.failure == nil
                })
            else { continue }
            comparison.add(ours: ours.run.seconds, peer: peer.run.seconds)
        }
        if let ratio = comparison.ratio {
            line += String(format: "%.3f (%.3f to %.3f)", ratio.median, ratio.least, ratio.most)
        }
        print(line)
    }

    private func printRoost(_ part: DownloadBenchmark.Part) {
        let ours = part.samples.filter { $0.tool == .roost && $0.failure == nil }
        if let share = Spread(ours.compactMap(\.verificationShare).map { $0 * 100 }),
            let sent = Spread(ours.map { Double($0.server.sentByteCount) / Double(byteCount) })
        {
            print(
                String(
                    format: "  Roost: verified %.1f %% of the download's time after the last byte (%.1f to %.1f); "
                        + "the server sent %.3f times the file", share.median, share.least, share.most, sent.median))
        }
        guard let load = Spread(part.samples.map(\.load)) else { return }
        print(
            String(
                format: "  System load before each: %.1f (%.1f to %.1f) on %d cores\n", load.median, load.least,
                load.most, cores))
    }

    private func column(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count + 1), withPad: " ", startingAt: 0)
    }
}
