import Foundation
import Hardware
import Testing

/// When a machine's state is worth a warning.
@Suite("Health")
struct HealthTests {
    private static let gigabyte: Int64 = 1_000_000_000

    /// A machine in good health, `seconds` after the first look.
    private func sample(_ seconds: Double = 0, _ change: (inout MachineSample) -> Void = { _ in }) -> MachineSample {
        var disk = Disk(path: "/models")
        disk.freeByteCount = 100 * Self.gigabyte
        var sample = MachineSample(time: Date(timeIntervalSince1970: 1000 + seconds), disks: [disk])
        sample.availableByteCount = 10 * Self.gigabyte
        sample.usableByteCount = 16 * Self.gigabyte
        sample.usedSwapByteCount = 0
        sample.throttleCount = 7
        sample.sensors = [
            Sensor(source: "coretemp", label: "Package", quantity: .temperature, value: 60, critical: 100)
        ]
        change(&sample)
        return sample
    }

    private func warnings(_ samples: MachineSample...) -> [HealthWarning] {
        var tracker = HealthTracker()
        for sample in samples { _ = tracker.take(sample) }
        return tracker.warnings
    }

    @Test("A machine that is well has none")
    func well() {
        #expect(warnings(sample(), sample(10), sample(20)).isEmpty)
        #expect(warnings(MachineSample(time: .now)).isEmpty, "what is unknown is no reason to warn")
    }

    @Test(
        "Little memory is worth a notice, hardly any is a problem",
        arguments: [
            (Int64(2_000_000_000), nil), (Int64(700_000_000), HealthWarning.Severity.notice),
            (Int64(100_000_000), .problem),
        ])
    func memory(left: Int64, expected: HealthWarning.Severity?) {
        let found = warnings(sample { $0.availableByteCount = left })
        #expect(found.map(\.severity) == (expected.map { [$0] } ?? []))
        #expect(found.allSatisfy { $0.kind == .memory })
    }

    @Test("Swapping is seen by what goes out in a time, not by what lies there")
    func swap() {
        #expect(
            warnings(sample { $0.usedSwapByteCount = 8 << 30 }, sample(10) { $0.usedSwapByteCount = 8 << 30 }).isEmpty)
        let found = warnings(sample(), sample(10) { $0.usedSwapByteCount = 1 << 30 })
        #expect(found.map(\.kind) == [.swap])
    }

    @Test(
        "A sensor near what its maker calls critical",
        arguments: [(89.0, nil), (92, HealthWarning.Severity.notice), (98, .problem)])
    func temperature(value: Double, expected: HealthWarning.Severity?) {
        let found = warnings(sample { $0.sensors[0].value = value })
        #expect(found.map(\.severity) == (expected.map { [$0] } ?? []))
        #expect(found.allSatisfy { $0.subject == "coretemp Package" })
    }

    @Test("Slowing down because of heat, by the processor's counter or the system's word")
    func throttling() {
        #expect(warnings(sample(), sample(10) { $0.throttleCount = 9 }).map(\.kind) == [.throttling])
        #expect(warnings(sample { $0.thermalState = .serious }).map(\.kind) == [.throttling])
        #expect(warnings(sample { $0.thermalState = .fair }).isEmpty)
    }

    @Test("A disk that is full, and one that soon will be")
    func disk() {
        #expect(warnings(sample { $0.disks[0].freeByteCount = 4 * Self.gigabyte }).map(\.severity) == [.notice])
        #expect(warnings(sample { $0.disks[0].freeByteCount = 1 << 20 }).map(\.severity) == [.problem])
        // 100 MB a second: 100 GB last 17 minutes.
        let found = warnings(sample(), sample(10) { $0.disks[0].freeByteCount = 99 * Self.gigabyte })
        #expect(found.map(\.kind) == [.disk])
        #expect(found.first?.message.contains("16 minutes") == true, "\(found)")
        let slow = sample(10) { $0.disks[0].freeByteCount = 100 * Self.gigabyte - 1_000_000 }
        #expect(warnings(sample(), slow).isEmpty)
    }

    @Test("An event when it begins, one when it becomes worse, one when it has been over for a while")
    func events() {
        var tracker = HealthTracker()
        let low = { (seconds: Double, left: Int64) in sample(seconds) { $0.availableByteCount = left } }
        func kinds(_ events: [HealthEvent]) -> [String] {
            events.map {
                switch $0 {
                case .began(let warning): "began \(warning.severity.rawValue)"
                case .ended: "ended"
                }
            }
        }
        #expect(kinds(tracker.take(sample())) == [])
        #expect(kinds(tracker.take(low(10, 600 << 20))) == ["began notice"])
        #expect(kinds(tracker.take(low(20, 500 << 20))) == [])
        #expect(kinds(tracker.take(low(30, 50 << 20))) == ["began problem"])
        #expect(kinds(tracker.take(low(40, 600 << 20))) == [], "better, but not well")
        #expect(kinds(tracker.take(sample(50))) == [])
        #expect(kinds(tracker.take(low(60, 600 << 20))) == [], "it was not over yet")
        #expect(kinds(tracker.take(sample(70))) == [])
        #expect(kinds(tracker.take(sample(80))) == [])
        #expect(kinds(tracker.take(sample(90))) == ["ended"])
        #expect(tracker.warnings.isEmpty)
    }

    @Test("This machine's health can be asked for, and watched")
    func here() async throws {
        let found = await Machine.healthWarnings(diskPaths: ["/"], interval: .milliseconds(100))
        #expect(found.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty })
        let watching = Task { for await _ in Machine.healthEvents(every: .milliseconds(100), diskPaths: ["/"]) {} }
        watching.cancel()
        await watching.value
    }

    @Test("A later sample sees what has changed since the one before")
    func laterSamples() throws {
        let root = try TemporaryRoot([
            "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\nSwapTotal: 100 kB\nSwapFree: 100 kB\n",
            "/proc/stat": "cpu  100 0 0 900 0 0 0 0\n",
            "/sys/class/hwmon/hwmon0/name": "coretemp\n", "/sys/class/hwmon/hwmon0/temp1_input": "40000\n",
            "/sys/devices/system/cpu/online": "0-1\n",
            "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "3\n",
        ])
        let sampler = MachineSampler(files: root.files)
        let first = sampler.sample()
        #expect(first.availableByteCount == 500 << 10 && first.usedSwapByteCount == 0 && first.throttleCount == 3)
        #expect(first.processorUtilization == nil && first.sensors.map(\.value) == [40])
        try root.write(
            "MemTotal: 1000 kB\nMemAvailable: 200 kB\nSwapTotal: 100 kB\nSwapFree: 70 kB\n", to: "/proc/meminfo")
        try root.write("cpu  175 0 0 925 0 0 0 0\n", to: "/proc/stat")
        try root.write("90000\n", to: "/sys/class/hwmon/hwmon0/temp1_input")
        try root.write("5\n", to: "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count")
        let second = sampler.sample()
        #expect(second.availableByteCount == 200 << 10 && second.usedSwapByteCount == 30 << 10)
        #expect(second.processorUtilization == 0.75 && second.sensors.map(\.value) == [90])
        #expect(second.throttleCount == 5)
    }
}
