import Foundation
import Security

/// Brings one file's content into a workspace; it is on the disk for good when this returns.
struct FileTransfer {
    struct Result {
        let digest: Digest
        let status: FileStatus
        let pieces: PieceChecksums?

        func arrived(_ file: IntakeFile, at path: String, in folder: FolderLayout) -> ArrivedFile {
            ArrivedFile(
                role: file.role, name: file.name, source: file.source, digest: digest,
                arrival: ArrivedFile.Arrival(
                    path: path, folder: folder, status: status, pieces: pieces, shownPath: file.path ?? file.name))
        }
    }

    let file: IntakeFile
    let target: String
    let cancellation: Cancellation

    /// - Throws: ``ModelStoreError`` and `CancellationError`. The target may then exist in part.
    func run(progress: @escaping @Sendable (ImportProgress) -> Void) throws -> Result {
        let result: Result
        switch file.origin {
        case .file(let path, let linking): result = try transfer(path, linking, progress)
        case .takenOver(let path): result = try takeOver(path, progress)
        case .text(let text): result = try write(Array(text.utf8))
        case .present: throw ModelStoreError.noWeights
        }
        if let expected = file.expected, expected != result.digest {
            throw ModelStoreError.contentMismatch(
                path: file.path ?? file.name, expected: expected, found: result.digest)
        }
        return result
    }

    private func transfer(
        _ path: String, _ linking: ImportLinking, _ progress: @escaping @Sendable (ImportProgress) -> Void
    ) throws -> Result {
        let arrived = try ContentTransfer(
            source: path, target: target, linking: linking, cancellation: cancellation, progress: progress
        ).run()
        return Result(digest: arrived.content.digest, status: arrived.status, pieces: arrived.content.pieces)
    }

    /// Gives the file a second name in the workspace; its own name goes when the store has it for good.
    private func takeOver(
        _ path: String, _ progress: @escaping @Sendable (ImportProgress) -> Void
    ) throws -> Result {
        let before = try ContentTransfer.open(path).status()
        guard try FileSystem.hardLink(path, to: target),
            let linked = try FileSystem.status(of: target, followingLinks: false), linked.isSameFile(as: before)
        else {
            try FileSystem.unlinkFile(target)
            return try transfer(path, .copy, progress)
        }
        let arrived = try OpenFile.reading(target)
        try arrived.setMode(0o600)
        try arrived.synchronize()
        guard file.isVerified, let expected = file.expected else {
            let content = try ContentReading(cancellation: cancellation, progress: progress).hash(target)
            return Result(digest: content.digest, status: try arrived.status(), pieces: content.pieces)
        }
        return Result(digest: expected, status: try arrived.status(), pieces: file.pieces)
    }

    private func write(_ bytes: [UInt8]) throws -> Result {
        let written = try OpenFile.creating(target)
        try bytes.withUnsafeBytes { try written.write($0) }
        try written.synchronize()
        return Result(digest: Digest.of(bytes), status: try written.status(), pieces: nil)
    }
}
