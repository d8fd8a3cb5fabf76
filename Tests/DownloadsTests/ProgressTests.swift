import FaultServer
import Foundation
import Testing

@testable import Downloads

@Suite(.timeLimit(.minutes(15))) struct ProgressTests {
    @Test func progressNeverGoesBackAlsoWhenEverythingIsFetchedTwice() async throws {
        let fixture = try DownloadFixture(byteCount: 1_000_000)
        let left = Countdown(1)
        let isHeard = Gate()
        let server = try await FaultServer.start { request, connection in
            try await isHeard.wait()
            var fault: Fault = request.number % 3 == 1 ? .truncated(after: 9000) : .none
            if request.range?.contains(500_000) == true, left.take() { fault = .flippedByte(at: 500_000) }
            try await FaultServer.answer(request, connection, fixture.content, "\"one\"", fault)
        }
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        let download = try await downloader.download(fixture.request(server.url()))
        var last = download.currentProgress
        var steps = 0
        for await progress in download.progress {
            isHeard.open()
            #expect(progress.completedByteCount >= last.completedByteCount)
            #expect(progress.verifiedByteCount >= last.verifiedByteCount)
            #expect(progress.completedByteCount <= 1_000_000)
            last = progress
            steps += 1
        }
        #expect(steps > 1)
        #expect(last.state == .completed)
        #expect(last.completedByteCount == 1_000_000 && last.totalByteCount == 1_000_000)
        #expect(left.isUsed)
        try fixture.expectFinished(try await download.value())
        await downloader.shutdown()
        await server.stop()
    }

    @Test func aLimitHoldsAndLiftsWhileBytesFlow() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let server = try await FaultServer.serving(fixture.content)
        let downloader = Downloader(configuration: DownloadFixture.configuration)
        downloader.bandwidthLimit = 1
        let download = try await downloader.download(fixture.request(server.url()))
        for await progress in download.progress where progress.completedByteCount > 0 { break }
        #expect(download.currentProgress.completedByteCount < 2_000_000)
        downloader.bandwidthLimit = nil
        try fixture.expectFinished(try await download.value())
        await downloader.shutdown()
        await server.stop()
    }

    @Test func theThirdWaitsForItsTurnAndThePriorityDecidesWhoIsNext() async throws {
        let slots = DownloadSlots(count: 1)
        let order = Recorder()
        let first = Gate()
        let running = Task { try await slots.run(priority: 0) { try await first.wait() } }
        while slots.freeCount > 0 { await Task.yield() }
        let low = Task { try await slots.run(priority: 1) { order.add("low") } }
        while slots.waitingCount < 1 { await Task.yield() }
        let high = Task { try await slots.run(priority: 2) { order.add("high") } }
        while slots.waitingCount < 2 { await Task.yield() }
        let cancelled = Task { try await slots.run(priority: 3) { order.add("cancelled") } }
        while slots.waitingCount < 3 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        first.open()
        try await running.value
        try await low.value
        try await high.value
        #expect(order.values == ["high", "low"])
    }

    @Test func whoListensLateGetsTheLastWordAndTheEnd() async {
        let feed = ProgressFeed(totalByteCount: 10)
        feed.update { $0.completedByteCount = 4 }
        feed.update { $0.completedByteCount = 2 }
        #expect(feed.last.completedByteCount == 4)
        feed.finish(.completed)
        var seen: [DownloadProgress] = []
        for await progress in feed.listen() { seen.append(progress) }
        #expect(seen.map(\.state) == [.completed])
        #expect(seen.map(\.completedByteCount) == [10])
    }
}
