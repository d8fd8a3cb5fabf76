import Synchronization

@testable import Downloads

/// Holds whoever waits until it is opened.
final class Gate: Sendable {
    private let isOpen = Mutex(false)
    private let changed = ChangeSignal()

    func open() {
        isOpen.withLock { $0 = true }
        changed.notify()
    }

    func wait() async throws {
        while true {
            let version = changed.version
            if isOpen.withLock({ $0 }) { return }
            try await changed.changed(since: version)
        }
    }
}

/// Remembers what happened, in order.
final class Recorder: Sendable {
    private let list = Mutex<[String]>([])

    var values: [String] { list.withLock { $0 } }
    func add(_ value: String) { list.withLock { $0.append(value) } }
}
