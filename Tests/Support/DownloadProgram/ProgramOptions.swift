import Downloads
import Foundation
import Security

/// What the program is asked to do:
/// `DownloadProgram URL DIGEST BYTES FOLDER BLOCK JOURNAL [--uid N] [--connections N] [--limit RATE] [--unreserved]
/// [--ledger NAME]`
struct ProgramOptions {
    var url: URL
    var digest: Digest
    var byteCount: Int64
    var folder: URL
    var configuration = DownloaderConfiguration()
    var limit: Int64?
    /// Becomes this user first.
    var user: UInt32?
    /// Runs as this ticket of the ledger in the folder, and does what others tell it.
    var ledgerName: String?

    init?(_ arguments: [String]) {
        guard arguments.count >= 6, let url = URL(string: arguments[0]), let digest = Digest(arguments[1]),
            let byteCount = Int64(arguments[2]), let block = Int(arguments[4]), let journal = Int64(arguments[5])
        else { return nil }
        self.url = url
        self.digest = digest
        self.byteCount = byteCount
        folder = URL(fileURLWithPath: arguments[3], isDirectory: true)
        configuration.blockByteCount = block
        configuration.journalByteCount = journal
        if block < 512 << 10 { configuration.pieceByteCount = 8 * block }
        configuration.freeSpaceMargin = 0
        configuration.adopt(environment: ProcessInfo.processInfo.environment)
        var rest = arguments.dropFirst(6)
        while let name = rest.popFirst() {
            if name == "--unreserved" {
                configuration.reservesSpace = false
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            switch (name, Int64(value)) {
            case ("--ledger", _): ledgerName = value
            case ("--uid", let number?): user = UInt32(clamping: number)
            case ("--limit", let number?): limit = number
            case ("--connections", let number?): configuration.maximumConnectionCount = Int(number)
            default: return nil
            }
        }
    }

    var request: DownloadRequest {
        DownloadRequest(
            identity: .pinned(digest, byteCount: byteCount), sources: [DownloadSource(url)],
            destination: folder.appendingPathComponent("blobs"),
            partialFolder: folder.appendingPathComponent("partial"),
            bandwidthLimit: limit)
    }
}
