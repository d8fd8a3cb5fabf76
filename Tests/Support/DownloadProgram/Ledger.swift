import Downloads
import Foundation

/// Writes a ticket while the download goes on, and does what other processes say.
func obey(_ name: String, _ download: Download, _ options: ProgramOptions) async throws {
    let ledger = DownloadLedger(folder: options.folder.appendingPathComponent("ledger"))
    var ticket = DownloadTicket(name: name, reference: options.url.absoluteString)
    ticket.files = [TicketFile(name: "file", digest: options.digest, byteCount: options.byteCount)]
    guard let claim = try ledger.claim(ticket) else {
        print("claimed by another")
        exit(3)
    }
    let listener = Task {
        for await command in claim.commands {
            switch command {
            case .pause:
                await download.pause()
                try claim.finish(.paused)
                print("paused")
                exit(0)
            case .cancel:
                await download.cancel()
                try claim.finish(.cancelled)
            case .limit(let limit):
                download.bandwidthLimit = limit
                try claim.update { $0.bandwidthLimit = limit }
            case .priority(let priority): try claim.update { $0.priority = priority }
            case .resume: break
            }
        }
    }
    for await progress in download.progress { try claim.update { $0.adopt(progress) } }
    if download.currentProgress.state == .completed { try claim.finish(.completed) }
    listener.cancel()
}
