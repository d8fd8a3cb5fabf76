import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Somewhere text goes: a descriptor of the process, or memory in tests.
public protocol TextSink: Sendable {
    /// Writes all of `text`; what a closed reader no longer takes is dropped.
    func write(_ text: String)
}

/// A text output with what is known of it: whether a person watches, how wide it is, whether it takes colour.
///
/// `Console.output` is for results, `Console.error` for messages and progress; a command writes to nothing else, so
/// that a test can hand it a console of its own.
public struct Console: Sendable {
    /// Where the text goes.
    public let sink: any TextSink
    /// Whether a terminal is at the other end.
    public let isTerminal: Bool
    /// Whether styles are written; see `ColorSupport`.
    public let isStyled: Bool
    private let columns: @Sendable () -> Int?

    /// A console over any sink; `columns` is asked each time, for windows change their size.
    public init(
        sink: any TextSink, isTerminal: Bool = false, isStyled: Bool = false,
        columns: @escaping @Sendable () -> Int? = { nil }
    ) {
        self.sink = sink
        self.isTerminal = isTerminal
        self.isStyled = isStyled
        self.columns = columns
    }

    /// A console over an open descriptor.
    public init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        let isTerminal = isatty(descriptor) == 1
        self.init(
            sink: DescriptorSink(descriptor: descriptor), isTerminal: isTerminal,
            isStyled: ColorSupport.isEnabled(isTerminal: isTerminal, environment: environment),
            columns: { isTerminal ? WindowSize.columns(of: descriptor) : nil })
    }

    /// Standard output: results, nothing else.
    public static let output = Console(descriptor: STDOUT_FILENO)
    /// Standard error: messages, progress, warnings.
    public static let error = Console(descriptor: STDERR_FILENO)
    /// Whether a person types at standard input.
    public static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Columns of the window; `nil` when it is not a terminal or does not say.
    public var width: Int? { columns() }

    /// Writes `text` as it is.
    public func write(_ text: String) { sink.write(text) }

    /// Writes `text` and a line feed.
    public func print(_ text: String = "") { sink.write(text + "\n") }

    /// `text` in `styles`, or plain where styles are not written.
    public func styled(_ text: String, _ styles: Style...) -> String {
        guard isStyled, !styles.isEmpty, !text.isEmpty else { return text }
        return styles.map(\.rawValue).joined() + text + Style.reset
    }
}

/// Text attributes as ECMA-48 (“ANSI”) select-graphic-rendition sequences; used through `Console.styled`.
public enum Style: String, Sendable {
    case bold = "\u{1B}[1m"
    case dim = "\u{1B}[2m"
    case red = "\u{1B}[31m"
    case green = "\u{1B}[32m"
    case yellow = "\u{1B}[33m"
    case cyan = "\u{1B}[36m"

    static let reset = "\u{1B}[0m"
}

/// Whether styles may be written, by the conventions of no-color.org and bixense.com/clicolors.
public enum ColorSupport {
    /// `NO_COLOR` (not empty) forbids; `CLICOLOR_FORCE` (not 0) forces; else a terminal that is not `TERM=dumb`
    /// and not `CLICOLOR=0`.
    public static func isEnabled(isTerminal: Bool, environment: [String: String]) -> Bool {
        if let value = environment["NO_COLOR"], !value.isEmpty { return false }
        if let value = environment["CLICOLOR_FORCE"], !value.isEmpty, value != "0" { return true }
        guard isTerminal, environment["CLICOLOR"] != "0" else { return false }
        return environment["TERM"].map { $0 != "dumb" && !$0.isEmpty } ?? false
    }
}

/// Writes to a descriptor at once, without a buffer of its own.
public struct DescriptorSink: TextSink {
    private let descriptor: Int32

    /// A sink over an open descriptor, which stays the caller's to close.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes all of `text`, waiting where the descriptor does not block; ends early when the reader has gone.
    public func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, start, rest.count)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, start, rest.count)
                #else
                    let count = Darwin.write(descriptor, start, rest.count)
                #endif
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if count < 0, errno == EAGAIN {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&entry, 1, -1)
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    // A reader that has gone (`roost … | head`) ends the program as it ends any other, also where
                    // a library has turned SIGPIPE off. A log that nobody reads is no reason to end.
                    if errno == EPIPE, descriptor == STDOUT_FILENO { SignalWatch.deliver(SIGPIPE) }
                    return
                }
            }
        }
    }
}

/// Keeps what is written, for tests and for text built piece by piece.
public final class MemorySink: TextSink {
    private let content = Mutex("")

    /// An empty sink.
    public init() {}

    /// Adds `text`.
    public func write(_ text: String) { content.withLock { $0 += text } }

    /// All that was written.
    public var text: String { content.withLock { $0 } }
}

enum WindowSize {
    static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
