#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// What Linux and Darwin do differently: the only such place in this room.
extension FileCalls {
    /// Returns when the file's bytes are on the disk for good.
    static func synchronizeData(_ descriptor: Int32, path: String) throws {
        #if canImport(Darwin)
            try retrying("synchronize", path) { Int(fcntl(descriptor, F_FULLFSYNC)) }
        #else
            try retrying("synchronize", path) { Int(fdatasync(descriptor)) }
        #endif
    }

    /// Returns when the file's bytes and facts are on the disk for good.
    static func synchronizeAll(_ descriptor: Int32, path: String) throws {
        #if canImport(Darwin)
            try retrying("synchronize", path) { Int(fcntl(descriptor, F_FULLFSYNC)) }
        #else
            try retrying("synchronize", path) { Int(fsync(descriptor)) }
        #endif
    }

    /// Reserves room for the whole file; 0, or the `errno` of why not.
    static func reserve(_ descriptor: Int32, byteCount: Int64) -> Int32 {
        #if canImport(Darwin)
            var request = fstore_t(
                fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
                fst_length: off_t(byteCount), fst_bytesalloc: 0)
            return fcntl(descriptor, F_PREALLOCATE, &request) == 0 ? 0 : errno
        #else
            // Not `posix_fallocate`: it writes to every block where the file system cannot reserve. The headers show
            // `fallocate` only to programs that ask for GNU's extensions, which Swift's module does not.
            typealias Fallocate = @convention(c) (Int32, Int32, off_t, off_t) -> Int32
            guard let symbol = dlsym(nil, "fallocate") else { return ENOTSUP }
            return unsafeBitCast(symbol, to: Fallocate.self)(descriptor, 0, 0, off_t(byteCount)) == 0 ? 0 : errno
        #endif
    }
}
