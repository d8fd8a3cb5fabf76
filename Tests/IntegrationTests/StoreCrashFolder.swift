import Foundation
import ModelFixtures
import ModelFormats
import ModelStore
import Security
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A store's folder and a large model beside it, and the program that works on them.
final class StoreCrashFolder: Sendable {
    enum Operation {
        case importBig, removeBig, importParts
        case move(to: URL)
    }

    struct Run {
        /// Ended by the kill, not by itself.
        let wasInterrupted: Bool
        /// From the program's first touch of the store to its end.
        let duration: Duration

        /// How long the next one is taken to be, when this one was taken to be `length`. The machine is not always as
        /// fast as it was when measured: about two of three kills are to fall into the work.
        func expected(_ length: Duration) -> Duration {
            wasInterrupted ? length * 1.1 : min(length * 0.8, duration)
        }
    }

    let folder: URL
    var home: URL { folder.appendingPathComponent("home", isDirectory: true) }
    var big: URL { folder.appendingPathComponent("big.gguf") }
    var parts: URL { folder.appendingPathComponent("parts", isDirectory: true) }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("roost-crash-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Makes the large model and a store with two models that must outlive everything.
    func prepare() async throws -> [ModelRecord] {
        try Self.writeBig(to: big, paddingByteCount: 64 << 20)
        let small = folder.appendingPathComponent("small.gguf")
        try TinyModel.llama(seed: 8).write(to: small)
        let store = try await ModelStore(root: home)
        _ = try await store.importFile(at: small, as: ModelName(parsing: "kept:copy"), linking: .copy)
        try TinyModel.llama(seed: 9).write(to: small)
        _ = try await store.importFile(at: small, as: ModelName(parsing: "kept:linked"))
        return try await store.models()
    }

    /// Makes a large model in three parts with a projector.
    func prepareParts() throws {
        try FileManager.default.createDirectory(at: parts, withIntermediateDirectories: true)
        for (index, var part) in TinyModel.llama(seed: 6).parts(3).enumerated() {
            // A tensor more in each part.
            part["split.tensors.count"] = .int32(Int32((part["split.tensors.count"]?.intValue ?? 0) + 3))
            var writer = try part.writer()
            try writer.addTensor("padding.\(index)", dimensions: [UInt64(4 << 20)], type: .f32)
            let name = "big-0000\(index + 1)-of-00003.gguf"
            try Self.write(writer, seed: UInt64(60 + index), to: parts.appendingPathComponent(name))
        }
        try TinyModel.projector().write(to: parts.appendingPathComponent("mmproj.gguf"))
    }

    /// The shortest of three undisturbed runs of each operation: a machine that is busy for a moment tells nothing.
    func measure() async throws -> (importing: Duration, removing: Duration) {
        var shortest: (importing: Duration, removing: Duration) = (.seconds(3600), .seconds(3600))
        for _ in 0..<3 {
            shortest.importing = min(shortest.importing, try await run(.importBig, killedAfter: nil).duration)
            shortest.removing = min(shortest.removing, try await run(.removeBig, killedAfter: nil).duration)
        }
        return shortest
    }

    func addBig() async throws {
        let store = try await ModelStore(root: home)
        _ = try await store.importFile(at: big, as: ModelName(parsing: "big"), linking: .copy)
    }

    /// Runs the program and kills it so long after it first took the store's lock.
    func run(_ operation: Operation, killedAfter delay: Duration?) async throws -> Run {
        let arguments =
            switch operation {
            case .importBig: ["import", big.path, "--copy", "--name", "big"]
            case .removeBig: ["rm", "big", "--yes"]
            case .importParts: ["import", parts.path, "--copy", "--name", "big", "--replace"]
            case .move(let target): ["move", target.path]
            }
        let lock = home.appendingPathComponent("store.lock")
        return try await BuiltProgram.onThread { [self] in
            let process = try start(arguments)
            let identifier = process.processIdentifier
            // The lock's file says who took it last: the sign that the program has come to the store.
            while process.isRunning, Self.holder(of: lock) != identifier { usleep(200) }
            let start = ContinuousClock.now
            if let delay {
                while process.isRunning, ContinuousClock.now - start < delay { usleep(200) }
                kill(identifier, SIGKILL)
            }
            process.waitUntilExit()
            let duration = ContinuousClock.now - start
            let wasInterrupted = process.terminationReason == .uncaughtSignal
            try #require(wasInterrupted || process.terminationStatus == 0, "roost \(arguments) failed")
            return Run(wasInterrupted: wasInterrupted, duration: duration)
        }
    }

    func exitStatus(_ arguments: [String]) async throws -> Int32 {
        try await BuiltProgram.onThread { [self] in
            let process = try start(arguments)
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    /// Half-done work that lies in the store's folder, before anything clears it away.
    func traces() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: home.appendingPathComponent("partial").path)
    }

    /// Opens the store as the next process would and looks at everything in it. Leaves it without the large model.
    func expectConsistent(kept: [ModelRecord], round: String) async throws {
        let store = try await ModelStore(root: home)
        let check = try await store.check()
        #expect(check.isConsistent, "\(round): \(check)")
        #expect(check.runningImportCount == 0 && check.foreign.isEmpty, "\(round): \(check)")
        #expect(try traces().isEmpty, "\(round)")
        let models = try await store.models()
        #expect(Set(models.map(\.name)).isSuperset(of: kept.map(\.name)), "\(round)")
        #expect(models.count <= kept.count + 1, "\(round)")
        for model in models {
            #expect(try await store.verify(model.name).isIntact, "\(model.name), \(round)")
            if let before = kept.first(where: { $0.name == model.name }) { #expect(model.digest == before.digest) }
        }
        if models.count > kept.count { _ = try await store.remove(ModelName(parsing: "big")) }
        let blobs = try FileManager.default.contentsOfDirectory(atPath: home.appendingPathComponent("blobs").path)
        #expect(Set(blobs) == Set(kept.map(\.digest.fileName)), "\(round)")
    }

    private func start(_ arguments: [String]) throws -> Process {
        let process = try BuiltProgram(home: home).process(arguments)
        try process.run()
        return process
    }

    private static func holder(of lock: URL) -> Int32? {
        guard let data = try? Data(contentsOf: lock) else { return nil }
        return Int32(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func writeBig(to url: URL, paddingByteCount: UInt64) throws {
        var writer = try TinyModel.llama(seed: 7).writer()
        try writer.addTensor("padding.weight", dimensions: [paddingByteCount / 4], type: .f32)
        try write(writer, seed: 7, to: url)
    }

    private static func write(_ writer: GGUFWriter, seed: UInt64, to url: URL) throws {
        var generator = SeededGenerator(seed: seed)
        let piece = (0..<(1 << 13)).map { _ in generator.next() }
        try writer.write(to: url) { tensor, sink in
            var rest = Int(tensor.byteCount)
            while rest > 0 {
                let count = min(rest, piece.count * 8)
                try piece.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                rest -= count
            }
        }
    }
}
