import ArgumentParser
import Foundation
import Roost
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs downloads to their end in front of a person or a program: progress, ctrl-C, results.
struct DownloadRun {
    let manager: ModelManager
    let isJSON: Bool
    /// Where is told what was pulled.
    var results = Console.output

    /// What became of one download.
    private struct Outcome {
        let reference: String
        let result: Result<ModelRecord, any Error>
    }

    /// The last line of `--json`, one for each model.
    private struct Finished: Encodable {
        let status: String
        let reference: String
        let model: ModelRecord?
        let error: String?
    }

    /// Waits for all of them. With one, its error is thrown; with several, each is told and the exit status says
    /// whether all went well.
    @discardableResult
    func finish(_ downloads: [ModelDownload]) async throws -> [ModelRecord] {
        let report = DownloadReport(isJSON: isJSON)
        let work = Task { await ends(of: downloads, report) }
        // The first ctrl-C stops: what has landed stays. The second ends the program at once.
        let outcomes = await Interruption().interrupting({
            if work.isCancelled { SignalWatch.deliver(SIGINT) }
            work.cancel()
        }) { await work.value }
        report.finish()
        return try tell(outcomes, order: downloads.map(\.reference))
    }

    private func ends(of downloads: [ModelDownload], _ report: DownloadReport) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for download in downloads {
                group.addTask {
                    async let watching: Void = report.follow(download)
                    let result: Result<ModelRecord, any Error>
                    do { result = .success(try await download.value()) } catch { result = .failure(error) }
                    await watching
                    return Outcome(reference: download.reference, result: result)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func tell(_ outcomes: [Outcome], order: [String]) throws -> [ModelRecord] {
        var records: [ModelRecord] = []
        var failures: [any Error] = []
        for reference in order {
            guard let outcome = outcomes.first(where: { $0.reference == reference }) else { continue }
            switch outcome.result {
            case .success(let record):
                records.append(record)
                if isJSON {
                    try Console.output.printJSONLine(
                        Finished(status: "success", reference: reference, model: record, error: nil))
                } else {
                    results.print(Self.sentence(record))
                }
            case .failure(let error):
                failures.append(error)
                if isJSON {
                    try Console.output.printJSONLine(
                        Finished(
                            status: error is CancellationError ? "paused" : "error", reference: reference, model: nil,
                            error: error is CancellationError ? nil : "\(error)"))
                } else if error is CancellationError {
                    Console.error.print("Stopped; “roost pull \(reference.printable)” goes on where it was.")
                } else if order.count > 1 {
                    Console.error.print(
                        Console.error.styled("Error:", .red, .bold) + " \(reference.printable): \(error)")
                }
            }
        }
        if failures.contains(where: { $0 is CancellationError }) { throw ExitStatus.interrupted.code }
        if failures.count == 1, order.count == 1, let failure = failures.first { throw failure }
        if !failures.isEmpty { throw ExitStatus.failure.code }
        return records
    }

    private static func sentence(_ record: ModelRecord) -> String {
        let facts = [HumanReadable.bytes(record.totalByteCount), record.architecture, record.quantization]
        return "Pulled \(record.name.display) (\(facts.joined(separator: ", ").printable), \(record.digest.short))."
    }
}
