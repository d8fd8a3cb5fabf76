import Foundation

/// What is piped or redirected into the program.
public enum StandardInput {
    /// All of it as text, read on a thread of its own; bytes that are not UTF-8 become U+FFFD.
    ///
    /// Throws `StandardInputError.tooLong` beyond `limit` bytes.
    public static func readAll(
        limit: Int = 64 << 20, from handle: FileHandle = .standardInput
    ) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        var data = Data()
                        while let chunk = try handle.read(upToCount: 1 << 16), !chunk.isEmpty {
                            data.append(chunk)
                            if data.count > limit { throw StandardInputError.tooLong(limit: limit) }
                        }
                        return String(decoding: data, as: UTF8.self)
                    })
            }.start()
        }
    }
}

/// What can go wrong with standard input.
public enum StandardInputError: Error, Sendable, Hashable, CustomStringConvertible {
    /// More was piped in than is taken.
    case tooLong(limit: Int)

    /// One sentence: what was wrong and what to do.
    public var description: String {
        switch self {
        case .tooLong(let limit):
            "More than \(HumanReadable.bytes(Int64(limit))) came from standard input; give less text."
        }
    }
}
