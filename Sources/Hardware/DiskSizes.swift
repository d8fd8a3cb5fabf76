#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Disk {
    /// Takes the sizes of this machine's file system at the path; unknown when there is no such path.
    mutating func readSizes() {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return }
        let unit = UInt64(facts.f_frsize)
        totalByteCount = Int64(clamping: UInt64(facts.f_blocks).multipliedReportingOverflow(by: unit).partialValue)
        freeByteCount = Int64(clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: unit).partialValue)
    }
}
