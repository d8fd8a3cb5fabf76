import Foundation
import Terminal
import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What became of every attempt to break out of a worker's sandbox.
struct AttackReport {
    /// The user that nobody is; root attempts as it, for root's privileges would hide what the sandbox does.
    private static let nobody: UInt32 = 65534

    let rows: [AttackRow]
    /// Whether every attempt was possible without the sandbox and is impossible within it.
    var holds: Bool { rows.allSatisfy(\.holds) }

    /// Makes all attempts, without the sandbox and, if asked for, within it.
    init(sandboxed: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-attack-\(UUID().uuidString)")
        let permissions: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: permissions)
        defer { try? FileManager.default.removeItem(at: folder) }
        let user = geteuid() == 0 ? Self.nobody : nil
        if let user { chown(folder.path, user, user) }
        let attack = SelfAttack(executable: try ThisProgram.url())
        rows = SelfAttack.attempts.enumerated().map { index, name in
            let run = { (cage: SelfAttack.Cage) in attack.run(index, in: cage, folder: folder, user: user) }
            return AttackRow(
                name: name, without: run(.open), loading: sandboxed ? run(.loading) : nil,
                expectedLoading: SelfAttack.expectedRefusal(index, in: .loading),
                serving: sandboxed ? run(.serving) : nil, killing: sandboxed ? run(.killing) : nil)
        }
    }
}

/// One way out, and how it ended in each cage.
struct AttackRow: ListedItem, Encodable {
    let name: String
    let withoutSandbox: String
    let whileLoading: String?
    let whileServing: String?
    let asItIs: String?
    let holds: Bool

    init(
        name: String, without: SelfAttack.Outcome, loading: SelfAttack.Outcome?, expectedLoading: Int32,
        serving: SelfAttack.Outcome?, killing: SelfAttack.Outcome?
    ) {
        self.name = name
        withoutSandbox = Self.text(without)
        whileLoading = loading.map(Self.text)
        whileServing = serving.map(Self.text)
        asItIs = killing.map(Self.text)
        holds =
            without == .possible && (loading ?? .refused(expectedLoading)) == .refused(expectedLoading)
            && (serving ?? .refused(EPERM)) == .refused(EPERM) && (killing ?? .killed) == .killed
    }

    static let columns: [Table.Column] = [
        .left("ATTEMPT", isFlexible: true), .left("NO SANDBOX"), .left("LOADING"), .left("SERVING"), .left("KILL MODE"),
        .left("AS EXPECTED"),
    ]

    var cells: [String] {
        [name, withoutSandbox, whileLoading ?? "–", whileServing ?? "–", asItIs ?? "–", holds ? "yes" : "NO"]
    }

    private static func text(_ outcome: SelfAttack.Outcome) -> String {
        switch outcome {
        case .possible: "possible"
        case .refused(EPERM): "EPERM"
        case .refused(EACCES): "EACCES"
        case .refused(let number): "errno \(number) (\(String(cString: strerror(number))))"
        case .killed: "SIGSYS"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}
