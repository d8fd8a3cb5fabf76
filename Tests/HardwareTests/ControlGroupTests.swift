import Foundation
import Hardware
import Testing

/// What control groups leave, in the layouts that there are.
@Suite("Control groups")
struct ControlGroupTests {
    private let second = "30 28 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"

    private func detect(_ files: [String: String]) throws -> Machine {
        let root = try TemporaryRoot(files)
        return withExtendedLifetime(root) { MachineDetector(files: root.files).detect() }
    }

    private func limits(_ files: [String: String]) throws -> ResourceLimits {
        try detect(files).limits
    }

    @Test("The least of a group and all above it counts, whichever it is")
    func ancestors() throws {
        let found = try limits([
            "/proc/self/mountinfo": second, "/proc/self/cgroup": "0::/a/b/c\n",
            "/sys/fs/cgroup/a/cpu.max": "300000 100000\n", "/sys/fs/cgroup/a/b/cpu.max": "50000 20000\n",
            "/sys/fs/cgroup/a/b/c/cpu.max": "max 100000\n", "/sys/fs/cgroup/a/memory.max": "3000\n",
            "/sys/fs/cgroup/a/memory.current": "2500\n", "/sys/fs/cgroup/a/memory.stat": "anon 1\nactive_file 100\n",
            "/sys/fs/cgroup/a/b/memory.max": "2000\n", "/sys/fs/cgroup/a/b/memory.current": "500\n",
        ])
        #expect(found.processorQuota == 2.5)
        #expect(found.memoryByteCount == 2000)
        // The upper group's neighbours have taken more.
        #expect(found.memoryRoomByteCount == 600)
    }

    @Test("A mount that shows a part of the hierarchy is understood")
    func partOfTheHierarchy() throws {
        let found = try limits([
            "/proc/self/mountinfo": "30 28 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
            "/proc/self/cgroup": "0::/docker/abc/inner\n", "/sys/fs/cgroup/cpu.max": "400000 100000\n",
            "/sys/fs/cgroup/inner/cpu.max": "100000 100000\n",
        ])
        #expect(found.processorQuota == 1)
    }

    @Test("A group beside what is mounted leaves the mount's own limits")
    func besideTheMount() throws {
        let found = try limits([
            "/proc/self/mountinfo": "30 28 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
            "/proc/self/cgroup": "0::/elsewhere\n", "/sys/fs/cgroup/cpu.max": "400000 100000\n",
            "/sys/fs/cgroup/elsewhere/cpu.max": "100000 100000\n",
        ])
        #expect(found.processorQuota == 4)
        let above = try limits([
            "/proc/self/mountinfo": second, "/proc/self/cgroup": "0::/../../x\n",
            "/sys/fs/cgroup/cpu.max": "200000 100000\n",
        ])
        #expect(above.processorQuota == 2)
    }

    @Test("Both versions at once: each controller where it is")
    func hybrid() throws {
        let found = try limits([
            "/proc/self/mountinfo": """
            32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
            """,
            "/proc/self/cgroup": "4:memory:/m\n1:cpu,cpuacct:/c\n0::/u\n",
            "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us": "250000\n",
            "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/memory/m/memory.limit_in_bytes": "1000000\n",
            "/sys/fs/cgroup/memory/m/memory.usage_in_bytes": "700000\n",
            "/sys/fs/cgroup/memory/m/memory.stat":
                "inactive_file 1\ntotal_inactive_file 200000\ntotal_active_file 100000\n",
        ])
        #expect(found.processorQuota == 2.5)
        #expect(found.memoryByteCount == 1_000_000)
        #expect(found.memoryRoomByteCount == 600_000)
    }

    @Test("A quota below one core still gets a thread; one and a half are one")
    func roundedDown() throws {
        for (quota, threads) in [("20000", 1), ("100000", 1), ("150000", 1), ("299999", 2), ("300000", 3)] {
            let machine = try detect([
                "/proc/self/mountinfo": second, "/proc/self/cgroup": "0::/\n",
                "/sys/fs/cgroup/cpu.max": "\(quota) 100000\n", "/sys/devices/system/cpu/online": "0-7\n",
            ])
            #expect(machine.computeThreadCount == threads, "\(quota)")
        }
    }

    @Test(
        "Nonsense is unknown, and nothing crashes",
        arguments: [
            "", "\0", "max", "-1", "99999999999999999999", "0 0", "1 0", "-5 100000", "nan nan", "1e400 1", "0-", "5-2",
            "0-99999999999", "a,b", "\u{FFFD}", "18446744073709551615",
        ])
    func nonsense(text: String) throws {
        var files = ["/proc/self/mountinfo": second + text, "/proc/self/cgroup": "0::/\n" + text]
        for name in ["cpu.max", "memory.max", "memory.high", "memory.current", "memory.stat", "cpuset.cpus.effective"] {
            files["/sys/fs/cgroup/\(name)"] = text
        }
        for path in [
            "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/self/status", "/sys/devices/system/cpu/online",
            "/sys/devices/system/cpu/cpu0/cpu_capacity", "/sys/devices/system/cpu/cpu0/topology/core_cpus_list",
            "/sys/class/hwmon/hwmon0/name", "/sys/class/hwmon/hwmon0/temp1_input", "/nvidia-smi.csv",
            "/sys/class/drm/card0/device/vendor", "/sys/class/drm/card0/device/mem_info_vram_total",
        ] {
            files[path] = text
        }
        let root = try TemporaryRoot(files)
        let machine = MachineDetector(files: root.files, diskPaths: [text, "/"]).detect()
        #expect(machine.computeThreadCount >= 1)
        #expect((machine.limits.processorQuota ?? 1) > 0)
        #expect((machine.limits.memoryRoomByteCount ?? 0) >= 0)
        #expect(machine.processor.threadCount <= 65_536)
        _ = MachineSampler(files: root.files).sample()
    }
}
