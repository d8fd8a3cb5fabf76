import FaultServer
import Foundation
import Synchronization
import Testing

@testable import Downloads

@Suite(.timeLimit(.minutes(15))) struct LimitTests {
    /// A clock that stands until someone sleeps, and then is where the sleep ends.
    private final class JumpingTime: DownloadTime {
        private let moment = Mutex(Duration.zero)
        func now() -> Duration { moment.withLock { $0 } }
        func date() -> Date { Date(timeIntervalSince1970: 0) }
        func sleep(for duration: Duration) async throws { moment.withLock { $0 += duration } }
        func jump(_ duration: Duration) { moment.withLock { $0 += duration } }
    }

    @Test func bytesTakeExactlyTheTimeThatTheRateGivesThem() async throws {
        let time = JumpingTime()
        let limiter = BandwidthLimiter(bytesPerSecond: 1000, time: time)
        for _ in 0..<50 { try await limiter.pass(100) }
        #expect(abs(time.now().inSeconds - 5) < 0.001)
        limiter.bytesPerSecond = 10_000
        for _ in 0..<50 { try await limiter.pass(100) }
        #expect(abs(time.now().inSeconds - 5.5) < 0.001)
        limiter.bytesPerSecond = nil
        try await limiter.pass(1 << 30)
        #expect(abs(time.now().inSeconds - 5.5) < 0.001)
    }

    @Test func aPauseIsNotSavedUpForABurst() async throws {
        let time = JumpingTime()
        let limiter = BandwidthLimiter(bytesPerSecond: 1000, time: time)
        try await limiter.pass(1000)
        time.jump(.seconds(100))
        try await limiter.pass(1000)
        #expect(abs(time.now().inSeconds - 102) < 0.001)
    }

    /// Whichever of the two limits is lower holds: bytes never come faster than that, but for the last read of the one
    /// connection, which nobody waits for. How much slower they come is the machine's business.
    @Test(
        arguments: [(own: 200_000, all: nil), (own: nil, all: 200_000), (own: 200_000, all: 900_000)]
            as [(Int64?, Int64?)])
    func aDownloadIsNotFasterThanItsLimit(_ own: Int64?, _ all: Int64?) async throws {
        let fixture = try DownloadFixture(byteCount: 1_200_000)
        let server = try await FaultServer.serving(fixture.content)
        var configuration = DownloadFixture.configuration
        let time = FastTime(factor: 8)
        configuration.time = time
        configuration.bandwidthLimit = all
        configuration.initialConnectionCount = 1
        configuration.maximumConnectionCount = 1
        let start = time.now()
        let file = try await fixture.fetch(
            fixture.request([DownloadSource(server.url())], bandwidthLimit: own), configuration: configuration)
        let seconds = (time.now() - start).inSeconds
        try fixture.expectFinished(file)
        let largestRead = 262_144.0
        #expect(seconds >= (1_200_000 - largestRead) / 200_000, "\(seconds) s")
        await server.stop()
    }
}
