import Roost

/// What the endpoints of Roost's own API and the WebSocket share.
struct NativeParts: Sendable {
    let downloads: DownloadBoard
    let rates = TokenRates()
    let events: ServerEvents
    let examiner: Examiner
    let sessions: WebSocketSessions

    init(manager: ModelManager, configuration: RoostServerConfiguration) {
        downloads = DownloadBoard(manager: manager)
        events = ServerEvents(manager: manager, board: downloads, rates: rates)
        examiner = Examiner(manager: manager)
        sessions = WebSocketSessions(limits: WebSocketLimits(configuration))
    }
}
