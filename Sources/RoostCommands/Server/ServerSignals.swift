import RoostServer
import ServiceLifecycle
import UnixSignals

/// What signals mean to a server: SIGTERM and SIGINT end it, the second one at once; SIGHUP has it read its settings
/// again.
struct ServerSignals: Service {
    private let signals: UnixSignalsSequence
    private let control: ServerControl
    private let notice: ServiceNotice
    private let reload: @Sendable () async -> Void

    /// Takes the signals from now on: made before anybody is told that there is a server to send them to.
    init(control: ServerControl, notice: ServiceNotice, reload: @escaping @Sendable () async -> Void) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        self.control = control
        self.notice = notice
        self.reload = reload
    }

    func run() async throws {
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
