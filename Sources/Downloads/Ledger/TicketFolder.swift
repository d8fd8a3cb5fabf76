import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of a ledger. `<id>.json` is a ticket, `<id>.lock` is held by who runs it, `<id>.command-<number>` waits
/// for that process. Everything is written beside and renamed, so no reader sees half.
struct TicketFolder: Sendable {
    let path: String
    /// Larger files are not tickets.
    private static let maximumByteCount: Int64 = 8 << 20
    private static let version = 1
    private static let commandNumber = Mutex<UInt64>(0)

    private struct Page: Codable {
        var version: Int
        var ticket: DownloadTicket
    }

    func lock(_ id: String) -> String { path + "/" + id + ".lock" }
    func ticket(_ id: String) -> String { path + "/" + id + ".json" }

    /// The ids of all tickets; none when there is no folder yet.
    func ids() throws -> [String] {
        try names().compactMap { $0.hasSuffix(".json") ? String($0.dropLast(5)) : nil }.sorted()
    }

    /// Whether text can be an id: nothing else becomes a part of a path.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
    }

    /// The ticket, `nil` when there is none, or what is wrong with its file.
    func read(_ id: String) -> Result<DownloadTicket, DamagedTicketReason>? {
        let path = ticket(id)
        guard FileCalls.exists(path) else { return nil }
        guard Self.isID(id) else { return .failure(.init("its name is not an id")) }
        let bytes: [UInt8]
        do {
            bytes = try FileCalls.readFile(path, limit: Self.maximumByteCount)
        } catch DownloadError.io(_, _, ENOENT) {
            return nil
        } catch {
            return .failure(.init("it cannot be read"))
        }
        guard !bytes.isEmpty else { return .failure(.init("it is empty")) }
        guard let page = try? JSONDecoder().decode(Page.self, from: Data(bytes)) else {
            return .failure(.init("it is not a ticket of version \(Self.version)"))
        }
        guard page.version == Self.version else { return .failure(.init("it has version \(page.version)")) }
        guard page.ticket.id == id, DownloadTicket.id(of: page.ticket.name) == id else {
            return .failure(.init("its name does not belong to its content"))
        }
        return .success(page.ticket)
    }

    func write(_ ticket: DownloadTicket) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try write(encoder.encode(Page(version: Self.version, ticket: ticket)), to: self.ticket(ticket.id))
    }

    func remove(_ id: String) throws {
        try FileCalls.remove(ticket(id))
        try FileCalls.synchronizeFolder(path)
    }

    // MARK: Commands

    /// Leaves a command; its path.
    func leave(_ command: DownloadCommand, for id: String) throws -> String {
        // By time, then by number within this process, so that commands are obeyed in order.
        let number = Self.commandNumber.withLock { number in
            number += 1
            return number
        }
        let time = UInt64(Date().timeIntervalSince1970 * 1000)
        let name = "\(id).command-\(Self.digits(time))-\(Self.digits(number))-\(getpid())"
        try write(JSONEncoder().encode(command), to: path + "/" + name)
        return path + "/" + name
    }

    /// Takes the commands for a ticket, oldest first. One that cannot be read is dropped.
    func takeCommands(for id: String) throws -> [DownloadCommand] {
        try names().filter { $0.hasPrefix(id + ".command-") && !$0.hasSuffix(".new") }.sorted().compactMap { name in
            let file = path + "/" + name
            let bytes = try? FileCalls.readFile(file, limit: Self.maximumByteCount)
            try FileCalls.remove(file)
            return bytes.flatMap { try? JSONDecoder().decode(DownloadCommand.self, from: Data($0)) }
        }
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 20 - text.count)) + text
    }

    private func names() throws -> [String] {
        guard FileCalls.isFolder(path) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw DownloadError.io(path: path, operation: "list the folder", code: EIO)
        }
    }

    private func write(_ data: Data, to target: String) throws {
        let temporary = "\(target).\(getpid()).new"
        try FileCalls.writeFile(temporary, Array(data))
        try FileCalls.move(temporary, to: target)
        try FileCalls.synchronizeFolder(path)
    }
}

/// What is wrong with a ticket's file.
struct DamagedTicketReason: Error {
    let text: String
    init(_ text: String) { self.text = text }
}
