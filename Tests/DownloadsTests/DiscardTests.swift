import Foundation
import Security
import Testing

@testable import Downloads

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Removing what a download left")
struct DiscardTests {
    /// The files of an unfinished download in a folder of its own.
    private func withLeftovers(_ body: (DownloadPaths, URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-discard-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = DownloadPaths(key: Digest.of([1, 2, 3]), partialFolder: folder)
        for path in [paths.data, paths.journal, paths.lock] { try Data("x".utf8).write(to: URL(filePath: path)) }
        try body(paths, folder)
    }

    @Test("Someone who only looks at the lock for a moment does not keep the files")
    func looked() throws {
        try withLeftovers { paths, folder in
            let descriptor = open(paths.lock, O_RDONLY | O_CLOEXEC)
            try #require(descriptor >= 0)
            #expect(flock(descriptor, LOCK_SH | LOCK_NB) == 0)
            let looker = Thread {
                usleep(20_000)
                close(descriptor)
            }
            looker.start()
            try paths.discard()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test("A lock that was given back is free although a process that was being started has a copy of its descriptor")
    func inherited() throws {
        try withLeftovers { paths, folder in
            var copies: [Int32] = []
            defer { for copy in copies { close(copy) } }
            do {
                let lock = try #require(try DownloadLock.acquire(paths.lock))
                copies = withExtendedLifetime(lock) { Self.copies(of: paths.lock) }
            }
            try #require(!copies.isEmpty)
            try paths.discard()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    /// What a child of this process would have of the descriptors that are open on `path`.
    private static func copies(of path: String) -> [Int32] {
        var named = stat()
        guard stat(path, &named) == 0 else { return [] }
        return (3..<4096).filter { descriptor in
            var status = stat()
            return fstat(Int32(descriptor), &status) == 0 && status.st_ino == named.st_ino
                && status.st_dev == named.st_dev
        }.map { dup(Int32($0)) }
    }

    @Test("What somebody works on stays")
    func held() throws {
        try withLeftovers { paths, folder in
            let lock = try #require(try DownloadLock.acquire(paths.lock))
            try withExtendedLifetime(lock) {
                try paths.discard()
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 3)
            }
        }
    }
}
