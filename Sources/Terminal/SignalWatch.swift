import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Calls a function when the process receives one of some signals, in place of the signal's own effect, for as long
/// as this object lives.
///
/// Watch a signal once in the life of a program, and let the handler decide: Dispatch on Linux does not reliably see
/// a signal again after a source for it was cancelled.
public final class SignalWatch: @unchecked Sendable {  // sound: immutable; the sources are only cancelled, in deinit
    private let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    /// Watches `numbers`; `handler` gets the signal's number, on a queue of this object.
    public init(_ numbers: [Int32], handler: @escaping @Sendable (Int32) -> Void) {
        self.numbers = numbers
        let queue = DispatchQueue(label: "roost.signals")
        sources = numbers.map { number in
            // A dispatch source sees a signal only when its default action is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// Ends the process as `number` would have without a watch.
    public static func deliver(_ number: Int32) {
        signal(number, SIG_DFL)
        // Dispatch's threads block most signals, and a blocked one would wait for ever.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, number)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        raise(number)
    }
}
