import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file with given bytes that goes when the last reference to it goes.
final class TemporaryFile: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "roost-\(UUID().uuidString).gguf")

    init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: url) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// The most memory that this process ever had resident, in bytes.
func peakResidentByteCount() -> Int {
    var usage = rusage()
    getrusage(0, &usage)  // RUSAGE_SELF, whose type differs between systems
    #if canImport(Darwin)
        return Int(usage.ru_maxrss)
    #else
        return Int(usage.ru_maxrss) * 1024
    #endif
}
