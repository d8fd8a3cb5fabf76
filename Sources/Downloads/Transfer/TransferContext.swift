/// What every part of one transfer works with.
struct TransferContext: Sendable {
    let board: TransferBoard
    let pool: SourcePool
    let file: PartialFile
    let transport: Transport
    let limiters: [BandwidthLimiter]
    let configuration: DownloaderConfiguration

    var time: any DownloadTime { configuration.time }
}
