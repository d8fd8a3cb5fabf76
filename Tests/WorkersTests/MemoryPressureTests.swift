import Hardware
import Inference
import Synchronization
import Testing

@testable import Workers

@Suite("Memory pressure")
struct MemoryPressureTests {
    @Test("Little memory left is told; enough is not")
    func shortage() async throws {
        let available = Mutex<Int64>(500)
        let looks = Mutex(0)
        var shortage = MemoryShortage(machine: {
            looks.withLock { $0 += 1 }
            return UsableMemory(availableByteCount: available.withLock { $0 }, totalByteCount: 1000)
        })
        shortage.interval = .milliseconds(1)
        let signals = shortage.signals()
        while looks.withLock({ $0 }) < 5 { await Task.yield() }
        // Nothing was said while there was enough: the first signal comes after this.
        let seenBefore = looks.withLock { $0 }
        available.withLock { $0 = 10 }
        var iterator = signals.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(looks.withLock { $0 } > seenBefore)
    }

    @Test("A reader that goes away ends the watch")
    func ends() async throws {
        let reader = Task { for await _ in SystemMemoryPressure.standard().signals() {} }
        reader.cancel()
        await reader.value
    }

    #if os(Linux)
        @Test(
            "The kernel's file takes the trigger and its watch ends when nobody reads",
            .enabled(if: PressureStallFile.find() != nil))
        func stallFile() async throws {
            let file = try #require(PressureStallFile.find())
            let reader = Task { for await _ in file.signals() {} }
            reader.cancel()
            await reader.value
        }

        @Test("A file that is no pressure file is not taken")
        func foreignFile() async {
            var count = 0
            for await _ in PressureStallFile(path: "/proc/self/status").signals() { count += 1 }
            #expect(count == 0)
        }
    #endif
}
