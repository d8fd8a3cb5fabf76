import Foundation

#if canImport(Darwin)
    import Darwin
#endif

/// The values of sysctl(3): of this machine, or those that `sysctl -a` printed elsewhere.
struct SystemControl: Sendable {
    private let recorded: [String: String]?

    /// This machine's, or those in `sysctl.txt` of recorded files; `nil` when there are none.
    init?(_ files: SystemFiles) {
        if !files.isThisMachine {
            let fields = files.fields("/sysctl.txt")
            guard !fields.isEmpty else { return nil }
            recorded = fields
            return
        }
        #if canImport(Darwin)
            recorded = nil
        #else
            return nil
        #endif
    }

    /// A whole number.
    func number(_ name: String) -> Int64? {
        if let recorded { return recorded[name].flatMap { Int64($0) } }
        #if canImport(Darwin)
            var value: Int64 = 0
            var size = MemoryLayout<Int64>.size
            guard sysctlbyname(name, &value, &size, nil, 0) == 0 else { return nil }
            // Little-endian: a number of 32 bits fills the lower half.
            return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : value
        #else
            return nil
        #endif
    }

    /// A text.
    func text(_ name: String) -> String? {
        if let recorded { return recorded[name] }
        #if canImport(Darwin)
            var size = 0
            guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 0, size < 1 << 16 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #else
            return nil
        #endif
    }
}
