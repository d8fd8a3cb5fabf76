import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program at a terminal of its own, as a person uses it: types lines, waits for what the screen says.
final class TerminalProgram: Sendable {
    private let process: Process
    private let terminal: FileHandle
    private let written = Mutex<[UInt8]>([])

    /// Starts `roost` with these arguments.
    init(_ program: BuiltProgram, _ arguments: [String]) throws {
        let (descriptor, path) = try Self.openTerminal()
        terminal = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let side = FileHandle(forUpdatingAtPath: path) else { throw CocoaError(.fileReadUnknown) }
        process = program.process(arguments)
        process.environment?["TERM"] = "xterm"
        process.environment?["NO_COLOR"] = "1"
        process.standardInput = side
        process.standardOutput = side
        process.standardError = side
        try process.run()
        try side.close()
        Thread { [self] in
            // What is there, at once: FileHandle would wait for as much as was asked for.
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(terminal.fileDescriptor, &bytes, bytes.count)
                guard count > 0 || (count < 0 && errno == EINTR) else { return }
                written.withLock { $0 += bytes.prefix(max(0, count)) }
            }
        }.start()
    }

    /// A new terminal: our side of it, and the path of the program's side.
    private static func openTerminal() throws -> (descriptor: Int32, path: String) {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
        #if canImport(Darwin)
            guard grantpt(descriptor) == 0, unlockpt(descriptor) == 0, let name = ptsname(descriptor) else {
                throw CocoaError(.fileReadUnknown)
            }
            return (descriptor, String(cString: name))
        #else
            // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h; the C library's own names for them are not in Swift's
            // module.
            var (isLocked, number): (Int32, UInt32) = (0, 0)
            guard ioctl(descriptor, 0x4004_5431, &isLocked) == 0, ioctl(descriptor, 0x8004_5430, &number) == 0 else {
                throw CocoaError(.fileReadUnknown)
            }
            return (descriptor, "/dev/pts/\(number)")
        #endif
    }

    var processIdentifier: Int32 { process.processIdentifier }

    /// All that was written to the terminal.
    var text: String { String(decoding: written.withLock { $0 }, as: UTF8.self) }

    /// Types a line and Return.
    func type(_ line: String) throws { try terminal.write(contentsOf: Data((line + "\r").utf8)) }

    /// Returns when `text` was written `count` times in all; false when the program ends or five minutes pass before.
    func waits(for text: String, count: Int = 1) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < deadline {
            if self.text.components(separatedBy: text).count > count { return true }
            if !process.isRunning { return self.text.components(separatedBy: text).count > count }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Sends a signal.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end and returns its exit status.
    func status() async throws -> Int32 {
        try await BuiltProgram.onThread { [process] in
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    /// Ends it, whatever happened.
    func end() {
        if process.isRunning { process.terminate() }
    }
}
