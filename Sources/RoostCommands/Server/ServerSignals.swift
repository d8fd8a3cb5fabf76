import RoostServer
import ServiceLifecycle
import UnixSignals

/// What signals mean to a server: SIGTERM and SIGINT end it, the second one at once; SIGHUP has it read its settings
/// again.
struct ServerSignals: Service {
    let control: ServerControl
    let notice: ServiceNotice
    let reload: @Sendable () async -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        // It ends with the server, not with the first signal.
        for await signal in signals.cancelOnGracefulShutdown() {
            switch signal {
            case .sighup:
                notice.tell(.reloading)
                await reload()
                notice.tell(.ready)
            default:
                notice.tell(.stopping)
                if control.isDraining { control.end() } else { control.drain() }
            }
        }
    }
}
