import Foundation
public import Inference

/// Tells what models take by the engine's own figures, in a locked process for each call: headers come from strangers,
/// and only that process reads them.
public struct WorkerEstimator: MemoryEstimator {
    /// What the processes run.
    public var program: WorkerProgram
    /// What messages call the model.
    public var name: String
    /// A process that takes longer is ended. Default 30 seconds.
    public var timeLimit = Duration.seconds(30)
    /// A process that takes more memory is ended, in bytes. Default 1 GiB.
    public var memoryByteLimit: Int64 = 1 << 30

    /// An estimator with the defaults above.
    public init(_ program: WorkerProgram, name: String = "the model") {
        self.program = program
        self.name = name
    }

    /// What the model takes on this machine, with its engine, for each of `options`.
    ///
    /// - Throws: `InferenceError`: `.estimateFailed` for a header that the engine cannot read, and when its process
    ///   crashed, hung or took too much; `.invalidOption`; `.sandboxUnavailable`, `.workerFailed` when there is no such
    ///   process; `CancellationError`.
    public func estimates(of headers: ModelHeaderSet, options: [LoadOptions]) async throws -> [MemoryEstimate] {
        try await measuredEstimates(of: headers, options: options).estimates
    }

    /// The same, and the most bytes of RAM that the process which told them ever had; `nil` where nobody says.
    func measuredEstimates(
        of headers: ModelHeaderSet, options: [LoadOptions]
    ) async throws -> (estimates: [MemoryEstimate], peakByteCount: Int64?) {
        for options in options { try options.validate() }
        guard !options.isEmpty else { return ([], nil) }
        let errand = WorkerErrand(program: program, timeLimit: timeLimit, memoryByteLimit: memoryByteLimit)
        let outcome: WorkerErrand.Outcome
        do {
            outcome = try await errand.run { [name, program] in
                let files = try HeaderFiles(headers, name: name)
                let job = EstimateJob(
                    name: name, files: files.descriptors.renumbered { Int32($0) }, options: options,
                    allowsUnsandboxed: program.allowsUnsandboxed)
                return WorkerErrand.Order(
                    frame: WorkerFrame(.estimate, payload: try WorkerJSON.encode(job)),
                    descriptors: files.descriptors.all, owner: files)
            }
        } catch let failure as WorkerErrand.Failure {
            throw InferenceError.estimateFailed(model: name, reason: failure.reason)
        } catch let error as InferenceError {
            throw restored(error, headers)
        }
        guard let estimates = try? WorkerJSON.decode([MemoryEstimate].self, from: outcome.answer),
            estimates.count == options.count, estimates.allSatisfy(\.isPlausible)
        else { throw InferenceError.estimateFailed(model: name, reason: "its process gave no sensible answer") }
        return (estimates, outcome.peakByteCount)
    }

    /// The message without the numbers of the process's files.
    private func restored(_ error: InferenceError, _ headers: ModelHeaderSet) -> InferenceError {
        guard case .estimateFailed(let model, let reason) = error else { return error }
        // The longest number first.
        let text = headers.all.indices.reversed().reduce(reason) { text, index in
            text.replacingOccurrences(of: ModelSource.path(WorkerProtocol.firstFile + Int32(index)), with: "the file")
        }
        return .estimateFailed(model: model, reason: text)
    }
}

/// What an estimating process is to do.
struct EstimateJob: Codable {
    var name: String
    /// Numbers in the process: the descriptors that came along with this frame, the first one 0.
    var files: ModelDescriptors
    var options: [LoadOptions]
    /// Whether it may run where it cannot be locked.
    var allowsUnsandboxed: Bool
}

extension MemoryEstimate {
    /// Whether it could be true: a process that was taken over may say anything.
    fileprivate var isPlausible: Bool {
        let counts = [
            mappedByteCount, repackedByteCount, outputByteCount, overheadByteCount, loadingByteCount,
            projectorByteCount, speculationByteCount,
        ]
        // No process is without memory, and none computes without any of the host's.
        return counts.allSatisfy { (0...AnswerRules.sizeLimit).contains($0) } && AnswerRules.areTrue(devices)
            && overheadByteCount > 0 && host.totalByteCount > 0
    }
}
