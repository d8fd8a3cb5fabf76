import Downloads
import Foundation
import Security

// One download, for the tests to kill: DownloadProgram URL DIGEST BYTES FOLDER BLOCK JOURNAL
let arguments = CommandLine.arguments.dropFirst().map { $0 }
guard arguments.count == 6, let url = URL(string: arguments[0]), let digest = Digest(arguments[1]),
    let byteCount = Int64(arguments[2]), let block = Int(arguments[4]), let journal = Int64(arguments[5])
else {
    print("usage: DownloadProgram URL DIGEST BYTES FOLDER BLOCK JOURNAL")
    exit(2)
}
var configuration = DownloaderConfiguration()
configuration.blockByteCount = block
configuration.pieceByteCount = 8 * block
configuration.journalByteCount = journal
configuration.freeSpaceMargin = 0
let downloader = Downloader(configuration: configuration)
do {
    let folder = URL(fileURLWithPath: arguments[3], isDirectory: true)
    let file = try await downloader.fetch(
        DownloadRequest(
            identity: .pinned(digest, byteCount: byteCount), sources: [DownloadSource(url)],
            destination: folder.appendingPathComponent("blobs"), partialFolder: folder.appendingPathComponent("partial")
        ))
    print("\(file.digest) \(file.fetchedByteCount)")
    await downloader.shutdown()
} catch {
    print("\(error)")
    await downloader.shutdown()
    exit(1)
}
