import Foundation
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A worker's first words with its parent, and what it was told.
struct WorkerGreeting {
    let connection: WorkerHandshake
    /// What the worker is for: its kind, and the job.
    let frame: WorkerFrame
    private let descriptors: [Int32]

    /// Greets the parent on descriptor 3.
    ///
    /// - Throws: `InferenceError.workerFailed` when there is none; `WorkerProtocolError`.
    init(version: String) throws {
        var status = stat()
        guard fstat(WorkerProtocol.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw InferenceError.workerFailed(
                reason: "this command is for Roost itself, which hands the model over on descriptor 3")
        }
        connection = WorkerHandshake(descriptor: WorkerProtocol.descriptor)
        let hello = WorkerHello(
            protocolVersion: WorkerProtocol.version, version: version, engineVersion: Engine.version)
        try connection.send(WorkerFrame(.hello, payload: WorkerJSON.encode(hello)))
        (frame, descriptors) = try connection.receive()
    }

    /// The model's files, and the descriptors that came behind them, under numbers that the parent knows, so that it can
    /// tell what a message speaks of.
    ///
    /// - Throws: `WorkerProtocolError` when there are not as many as there should be.
    func files(_ files: ModelDescriptors, extraCount: Int = 0) throws -> (files: ModelDescriptors, extra: [Int32]) {
        let fileCount = files.all.count
        guard fileCount + extraCount == descriptors.count else {
            throw WorkerProtocolError("\(descriptors.count) files instead of \(fileCount + extraCount)")
        }
        let numbers = descriptors.map { descriptor in
            defer { close(descriptor) }
            return fcntl(descriptor, F_DUPFD, WorkerProtocol.firstFile)
        }
        return (files.renumbered { numbers[$0] }, Array(numbers[fileCount...]))
    }
}
