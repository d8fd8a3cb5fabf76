#if os(Linux)
    import CSandbox
    import Foundation

    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    /// Linux's pressure stall information: the kernel tells when tasks have waited for memory for a part of a window.
    ///
    /// Format: https://docs.kernel.org/accounting/psi.html, “Monitoring for pressure thresholds”.
    struct PressureStallFile: MemoryPressure {
        /// `/proc/pressure/memory`, or `memory.pressure` of a control group.
        let path: String
        /// Some task waited 200 ms out of 2 s. Users without privileges may have windows of whole 2 s alone.
        private static let trigger = "some 200000 2000000"

        /// The file to watch; `nil` when this kernel has none that this process may use.
        static func find() -> PressureStallFile? {
            (groups() + ["/proc/pressure/memory"]).lazy.map(PressureStallFile.init(path:)).first { $0.open() != nil }
        }

        /// The `memory.pressure` of the control group (v2) that this process is in.
        private static func groups() -> [String] {
            guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return [] }
            let own = text.split(separator: "\n").first { $0.hasPrefix("0::") }?.dropFirst(3)
            // In a container its own group is the root of what it sees.
            return [own.map(String.init), "/"].compactMap { $0 }.map { group in
                "/sys/fs/cgroup" + (group.hasSuffix("/") ? group : group + "/") + "memory.pressure"
            }
        }

        func signals() -> AsyncStream<Void> {
            AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
                var ends: [Int32] = [-1, -1]
                guard let file = open(), roost_pipe(&ends) == 0 else { return continuation.finish() }
                let (stopReader, stopWriter) = (ends[0], ends[1])
                continuation.onTermination = { _ in close(stopWriter) }
                let thread = Thread {
                    Self.watch(file.descriptor, until: stopReader) { continuation.yield() }
                    close(stopReader)
                    withExtendedLifetime(file) { continuation.finish() }
                }
                thread.name = "roost-pressure"
                thread.start()
            }
        }

        /// Waits on a thread of its own for the kernel, until the other end of the pipe is closed or the file goes.
        private static func watch(_ file: Int32, until stop: Int32, report: () -> Void) {
            while true {
                var waits = [
                    pollfd(fd: file, events: Int16(POLLPRI), revents: 0), pollfd(fd: stop, events: 0, revents: 0),
                ]
                if poll(&waits, 2, -1) < 0, errno != EINTR { return }
                if waits[1].revents != 0 || waits[0].revents & Int16(POLLERR) != 0 { return }
                if waits[0].revents & Int16(POLLPRI) != 0 { report() }
            }
        }

        /// The file with the trigger set, which lives as long as the descriptor.
        private func open() -> OpenTrigger? {
            let descriptor = openFile(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            let file = OpenTrigger(descriptor: descriptor)
            let text = Array(Self.trigger.utf8CString)
            return write(descriptor, text, text.count) == text.count ? file : nil
        }

        private func openFile(_ path: String, _ flags: Int32) -> Int32 {
            #if canImport(Glibc)
                Glibc.open(path, flags)
            #else
                Musl.open(path, flags)
            #endif
        }

        private final class OpenTrigger: Sendable {
            let descriptor: Int32

            init(descriptor: Int32) { self.descriptor = descriptor }

            deinit { close(descriptor) }
        }
    }
#endif
