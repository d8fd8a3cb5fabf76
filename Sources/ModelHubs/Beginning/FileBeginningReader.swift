import Foundation

/// Reads the first bytes of a file at its hub without downloading the rest: a model's header tells what it is.
///
/// Requests go by the transport's rules: tokens to their origin only, redirects judged, refusals tried again. The bytes
/// cannot be held against the file's digest, which is that of the whole; its size is.
///
/// ```swift
/// let answer = try await FileBeginningReader(transport: transport, finder: finder).read(file) { bytes, size in
///     switch try GGUFReader.header(from: bytes, fileByteCount: size.map(UInt64.init)) { … }
/// }
/// ```
public struct FileBeginningReader: Sendable {
    private let transport: HubTransport
    private let finder: ModelFinder

    /// A reader over `transport`; `finder`'s hubs have the words for what goes wrong.
    public init(transport: HubTransport, finder: ModelFinder) {
        self.transport = transport
        self.finder = finder
    }

    /// Reads as much as `inspect` says is needed, from the first of the file's sources that gives it.
    ///
    /// - Parameters:
    ///   - file: A file at a hub, not of this machine.
    ///   - steps: How much is asked for at a time.
    ///   - knownTag: The tag of a content that the caller has: the answer is `.unchanged` while the file has it.
    ///   - inspect: Told the bytes from the file's start, and the size of the file when it is known. What it throws ends the reading.
    /// - Throws: ``ModelHubError``, `CancellationError`, and what `inspect` throws.
    public func read<Value: Sendable>(
        _ file: ModelFile, steps: BeginningSteps = BeginningSteps(), unless knownTag: String? = nil,
        inspect: @escaping @Sendable ([UInt8], Int64?) throws -> BeginningRead<Value>
    ) async throws -> BeginningAnswer<Value> {
        var firstFailure: ModelHubError?
        for source in file.sources where !source.url.isFileURL {
            do {
                return try await watched(file, source, steps, knownTag, inspect)
            } catch let error as ModelHubError {
                firstFailure = firstFailure ?? error
            }
        }
        throw firstFailure
            ?? ModelHubError.fileNotFound(name: file.path.description, repository: "its hub", choices: [])
    }

    /// Gives a server up that sends nothing for too long.
    private func watched<Value: Sendable>(
        _ file: ModelFile, _ source: FileSource, _ steps: BeginningSteps, _ knownTag: String?,
        _ inspect: @escaping @Sendable ([UInt8], Int64?) throws -> BeginningRead<Value>
    ) async throws -> BeginningAnswer<Value> {
        let meter = ByteMeter()
        return try await withThrowingTaskGroup(of: BeginningAnswer<Value>?.self) { group in
            group.addTask {
                var transfer = BeginningTransfer(
                    transport: transport, source: source, file: file, steps: steps, knownTag: knownTag, meter: meter,
                    inspect: inspect)
                do {
                    return try await transfer.run()
                } catch let error as RefusedBeginning {
                    throw try await words(for: error.answer, file, source)
                }
            }
            group.addTask {
                var seen: Int64?
                repeat {
                    seen = meter.pulse
                    try await Task.sleep(for: steps.patience)
                } while seen == nil || seen != meter.pulse
                return nil
            }
            defer { group.cancelAll() }
            if let answer = try await group.next() ?? nil { return answer }
            throw ModelHubError.unreachable(
                host: Origin(source.url)?.place ?? source.url.shown,
                reason: "it sent nothing for \(steps.patience.components.seconds) seconds")
        }
    }

    /// The hub's own words for a refusal; the plain ones when the hub says that all is well.
    private func words(
        for answer: HubResponse, _ file: ModelFile, _ source: FileSource
    ) async throws -> ModelHubError {
        do {
            _ = try await finder.locate(file, at: source)
        } catch let error as ModelHubError {
            return error
        }
        let host = Origin(answer.url)?.place ?? answer.url.shown
        switch answer.status {
        case 404, 410: return .fileNotFound(name: file.path.description, repository: host, choices: [])
        case 401, 402, 403, 451: return .forbidden(host: host, reason: "HTTP \(answer.status)")
        case 500...: return .unavailable(host: host, status: answer.status)
        default: return .unexpectedAnswer(location: answer.url.shown, reason: "HTTP \(answer.status)")
        }
    }
}
