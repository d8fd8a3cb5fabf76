public import Foundation

/// The keys of a home directory, in `keys/access.json`: who may use a server that others reach.
///
/// ```swift
/// let file = AccessKeyFile(home: configuration.homeDirectory)
/// let (key, token) = try file.create(name: "laptop", scopes: [.infer, .read])
/// print(token.text)  // shown this once: the file has its SHA-256
/// ```
///
/// The folder has mode 0700 and the file 0600. It is changed by one process at a time and written whole, so that those
/// who read it see the keys before a change or after it. A file that others can read or that is not as Roost writes it
/// is refused: nobody has a key then.
///
/// Calls block for as long as reading a small file takes.
public struct AccessKeyFile: Sendable {
    /// Most keys.
    public static let maximumCount = 10_000
    private static let name = "access.json"
    private static let maximumByteCount = 8 << 20
    private static let version = 1

    private let folder: URL
    /// Where it is.
    public let path: String

    /// The file of the home directory `home`; nothing is read or made yet.
    public init(home: URL) {
        folder = home.appending(path: "keys", directoryHint: .isDirectory)
        path = folder.appending(path: Self.name).path
    }

    /// The keys, by name; `nil` when none was ever made.
    ///
    /// - Throws: `AccessKeyError`.
    public func keys() throws(AccessKeyError) -> [AccessKey]? { try read()?.keys }

    /// Makes a key and says its token, which is kept nowhere.
    ///
    /// - Parameters:
    ///   - name: 1 to 64 letters, digits, `-`, `_` and `.`; no other key has it.
    ///   - scopes: what it allows, one at least.
    ///   - models: the models that it allows; empty for all.
    ///   - lifetime: when it ends.
    /// - Throws: `AccessKeyError`.
    public func create(
        name: String, scopes: Set<AccessScope>, models: [ModelPattern] = [], lifetime: KeyLifetime = .unlimited,
        now: Date = Date()
    ) throws -> (key: AccessKey, token: AccessToken) {
        guard AccessKey.isName(name) else { throw AccessKeyError.invalidName(name) }
        guard !scopes.isEmpty else { throw AccessKeyError.noScopes }
        return try change { keys in
            // An id for a name would make “revoke” ambiguous.
            guard !keys.contains(where: { $0.name == name || $0.id == name }) else {
                throw AccessKeyError.nameTaken(name)
            }
            guard keys.count < Self.maximumCount else { throw AccessKeyError.tooMany(limit: Self.maximumCount) }
            var token = AccessToken()
            while keys.contains(where: { $0.id == token.keyID || $0.name == token.keyID }) { token = AccessToken() }
            let key = AccessKey(
                for: token, name: name, scopes: scopes, models: models, createdAt: now,
                expiresAt: lifetime.end(from: now))
            keys.append(key)
            return (key, token)
        }
    }

    /// Takes a key away, by its name or its id. Running servers refuse it from their next request on.
    ///
    /// - Throws: `AccessKeyError`.
    @discardableResult
    public func revoke(_ nameOrID: String) throws -> AccessKey {
        try change { keys in
            guard let index = keys.firstIndex(where: { $0.name == nameOrID || $0.id == nameOrID }) else {
                throw AccessKeyError.unknownKey(nameOrID, names: keys.map(\.name))
            }
            return keys.remove(at: index)
        }
    }

    /// What is there now, and how to see whether it is still the same; `nil` when there is no file.
    func read() throws(AccessKeyError) -> Snapshot? {
        guard let folder = try KeyFolder(folder, creating: false) else { return nil }
        return try read(in: folder)
    }

    /// What the system says of the file now.
    var status: KeyFileStatus.Finding { KeyFileStatus.find(path) }

    private func change<Value>(_ body: (inout [AccessKey]) throws -> Value) throws -> Value {
        guard let folder = try KeyFolder(folder, creating: true) else {
            throw AccessKeyError.system(operation: "Opening the folder", path: self.folder.path, code: ENOENT)
        }
        return try folder.locked {
            var keys = try read(in: folder)?.keys ?? []
            let value = try body(&keys)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            let content = Content(version: Self.version, keys: keys.sorted { $0.name < $1.name })
            try folder.replace(Self.name, with: Array(try encoder.encode(content)) + Array("\n".utf8))
            return value
        }
    }

    /// Reads the file that has the name now. One that is replaced meanwhile shows that (it has no name any more), and the
    /// new one is read: changes of others are rare, so that a few times are enough.
    private func read(in folder: KeyFolder) throws(AccessKeyError) -> Snapshot? {
        for _ in 0..<100 {
            guard let handle = try folder.openFile(Self.name) else { return nil }
            let path = folder.path(of: Self.name)
            let status = handle.status
            let bytes: [UInt8]?
            do {
                bytes = try handle.read(limit: Self.maximumByteCount)
            } catch {
                throw .system(operation: "Reading", path: path, code: error.code)
            }
            guard let bytes else {
                throw .malformed(path: path, reason: "it has more than \(Self.maximumByteCount) bytes")
            }
            guard let status, status == handle.status else { continue }
            return Snapshot(keys: try Self.keys(in: bytes, path: path), status: status, handle: handle)
        }
        throw .malformed(path: folder.path(of: Self.name), reason: "it changes all the time")
    }

    private static func keys(in bytes: [UInt8], path: String) throws(AccessKeyError) -> [AccessKey] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = Data(bytes)
        guard let version = (try? decoder.decode(Version.self, from: data))?.version else {
            throw .malformed(path: path, reason: "it is not the JSON that Roost writes")
        }
        guard version == Self.version else {
            throw .malformed(path: path, reason: "it is of version \(version), and this Roost reads \(Self.version)")
        }
        let keys: [AccessKey]
        do {
            keys = try decoder.decode(Content.self, from: data).keys
        } catch {
            throw .malformed(path: path, reason: "a key in it lacks a field or has one that is wrong")
        }
        let names = Set(keys.map(\.name) + keys.map(\.id))
        guard names.count == keys.count * 2, keys.allSatisfy({ !$0.scopes.isEmpty }) else {
            throw .malformed(path: path, reason: "a name or an id stands in it twice, or a key has no scope")
        }
        return keys
    }

    /// One state of the file.
    struct Snapshot: Sendable {
        let keys: [AccessKey]
        let status: KeyFileStatus
        /// Kept open so that no other file gets its number: an equal status is the same file then.
        let handle: KeyFileHandle
    }

    private struct Version: Decodable { let version: Int }

    private struct Content: Codable {
        let version: Int
        let keys: [AccessKey]
    }
}
