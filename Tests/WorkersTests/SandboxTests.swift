import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@testable import Workers

@Suite("The sandbox of a worker", .serialized)
struct SandboxTests {
    @Test("is on, and the process has nothing but what it needs")
    func facts() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        _ = try await model.generate(.long(count: 8)).outcome()
        guard case .full(let version) = model.sandbox else {
            Issue.record("the sandbox is \(model.sandbox)")
            return
        }
        #expect(version >= 1)
        let facts = ProcessFacts(pid: try #require(model.activity.processIdentifier))
        #expect(facts.status("Seccomp") == "2")
        #expect(facts.status("Seccomp_filters") == "2")
        #expect(facts.status("NoNewPrivs") == "1")
        #expect(facts.status("CapEff").map { UInt64($0, radix: 16) } == 0)
        if let user = fixture.program.user {
            #expect(facts.status("Uid")?.split(separator: "\t").allSatisfy { $0 == "\(user)" } == true)
            #expect(facts.status("Groups") == "")
        }
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(facts.pid)/task")
        #expect(threads.count > 2)
        for thread in threads {
            let text = try String(contentsOfFile: "/proc/\(facts.pid)/task/\(thread)/status", encoding: .utf8)
            #expect(text.contains("Seccomp:\t2\n"), "thread \(thread)")
        }
        // /dev/null for the standard three, the socket, the log, and the pipe that wakes its waiting thread.
        let descriptors = facts.descriptors
        #expect((0...2).allSatisfy { descriptors[$0] == "/dev/null" })
        let kinds = descriptors.filter { $0.key > 2 }.values.map { $0.prefix { $0 != ":" } }.sorted()
        #expect(kinds == ["pipe", "pipe", "pipe", "socket"], "\(descriptors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "/proc/\(facts.pid)/environ")).isEmpty)
        let limits = try String(contentsOfFile: "/proc/\(facts.pid)/limits", encoding: .utf8)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        await model.unload()
    }

    @Test("lets many threads allocate at once")
    func crowd() throws {
        let process = Process()
        process.executableURL = try ProcessFixture.path("WorkerProgram")
        process.arguments = ["crowd"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(process.terminationStatus)")
    }

    @Test(
        "ends the process that breaks out, and every way out is closed", arguments: Array(SelfAttack.attempts.indices))
    func attempt(_ index: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-attack-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        defer { try? FileManager.default.removeItem(at: folder) }
        let user: UInt32? = geteuid() == 0 ? 65534 : nil
        if let user { chown(folder.path, user, user) }
        let attack = SelfAttack(executable: try ProcessFixture.path("roost"))
        let name = SelfAttack.attempts[index]
        #expect(attack.run(index, in: .open, folder: folder, user: user) == .possible, "\(name), the control")
        for cage in [SelfAttack.Cage.loading, .serving] {
            let expected = SelfAttack.Outcome.refused(SelfAttack.expectedRefusal(index, in: cage))
            #expect(attack.run(index, in: cage, folder: folder, user: user) == expected, "\(name), \(cage)")
        }
        #expect(attack.run(index, in: .killing, folder: folder, user: user) == .killed, "\(name)")
    }

    @Test("is not there on an old kernel, where no model is loaded without leave, and with it that is said")
    func oldKernel() async throws {
        let fixture = try ProcessFixture(["old-kernel", "test"])
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let error = await #expect(throws: InferenceError.self) { _ = try await fixture.load(file) }
        guard case .sandboxUnavailable(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("Landlock"))
        let tolerant = try ProcessFixture(["old-kernel", "test"]) { $0.allowsUnsandboxed = true }
        defer { tolerant.remove() }
        let model = try await tolerant.load(file)
        #expect(model.sandbox == .none(reason: reason))
        #expect(try await model.generate(.long(count: 5)).outcome().result.tokens.count == 5)
        await model.unload()
    }

    @Test("is attacked by `roost worker --self-attack`, which shows the table and fails when a way is open")
    func command() async throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = try ProcessFixture.path("roost")
        process.arguments = ["worker", "--self-attack", "--json"]
        process.environment = ["TMPDIR": FileManager.default.temporaryDirectory.path]
        process.standardOutput = output
        try process.run()
        let text = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let data = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: data)
            }
        }
        #expect(process.terminationStatus == 0)
        struct Row: Decodable {
            let name: String
            let withoutSandbox, whileLoading, whileServing, asItIs: String
            let holds: Bool
        }
        let rows = try JSONDecoder().decode([Row].self, from: text)
        #expect(rows.map(\.name) == SelfAttack.attempts)
        #expect(rows.allSatisfy { $0.holds && $0.withoutSandbox == "possible" && $0.asItIs == "SIGSYS" })
    }

    @Test("has every row of the design's list")
    func rows() {
        let required = [
            "read /etc/passwd", "create a file", "list a folder", "TCP connect", "UDP connect", "AF_UNIX connect",
            "execve", "ptrace the parent", "process_vm_readv the parent", "kill the parent", "unshare", "io_uring",
            "memfd", "mprotect writable and executable",
        ]
        #expect(Set(required).isSubset(of: SelfAttack.attempts))
    }

    @Test("says what it is in a few words")
    func words() {
        #expect("\(WorkerSandbox.full(landlockVersion: 7))" == "full (Landlock 7, seccomp)")
        #expect("\(WorkerSandbox.gpu(landlockVersion: 7))" == "weaker (GPU; Landlock 7, seccomp)")
        #expect("\(WorkerSandbox.none(reason: "no kernel"))" == "none (no kernel)")
    }

    @Test("is not there for a program that does not greet, which is refused")
    func wrongProgram() async throws {
        let file = try TinyModelFile(.llama())
        let fixture = try ProcessFixture { $0.executable = URL(fileURLWithPath: "/bin/true") }
        defer { fixture.remove() }
        await #expect(throws: InferenceError.self) { _ = try await fixture.load(file) }
        let nothing = try ProcessFixture { $0.executable = URL(fileURLWithPath: "/nothing/there") }
        let error = await #expect(throws: InferenceError.self) { _ = try await nothing.load(file) }
        #expect(error.map { "\($0)" }?.contains("/nothing/there") == true)
    }
}
