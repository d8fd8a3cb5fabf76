#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Raises the limit to what the system allows this user: many systems begin with 1,024 (256 on macOS) for the sake
    /// of programs that use `select`, and a server has a connection for each client. What it starts takes its own limits.
    static func raise() {
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        // No more than this is of use, and macOS refuses “unlimited”.
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
        _ = setrlimit(resource, &limit)
    }
}
