import Downloads
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// One download, for the tests to stop, kill and command: see ProgramOptions. Prints the digest and the bytes fetched,
// or why not.
guard let options = ProgramOptions(CommandLine.arguments.dropFirst().map { $0 }) else {
    print("usage: DownloadProgram URL DIGEST BYTES FOLDER BLOCK JOURNAL [options]")
    exit(2)
}
if let user = options.user, setuid(user) != 0 {
    print("cannot become user \(user)")
    exit(2)
}
let downloader = Downloader(configuration: options.configuration)
do {
    let download = try await downloader.download(options.request)
    if let name = options.ledgerName { try await obey(name, download, options) }
    let file = try await download.value()
    print("\(file.digest) \(file.fetchedByteCount)")
    await downloader.shutdown()
} catch {
    print("\(error)")
    await downloader.shutdown()
    exit(1)
}
