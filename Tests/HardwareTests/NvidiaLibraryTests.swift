import Foundation
import Hardware
import Testing

/// NVIDIA's library, played by one that is compiled here with the reference's structures.
@Suite("NVIDIA's library")
struct NvidiaLibraryTests {
    private static let source = """
        #include <stdio.h>
        #include <string.h>
        typedef struct device * device_t;
        typedef struct { char old[16]; unsigned domain, bus, device, id, subsystem; char address[32]; } pci_t;
        typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory2_t;
        typedef struct { unsigned long long total, free, used; } memory_t;
        typedef struct { unsigned gpu, memory; } rates_t;
        static int running, starts;
        int nvmlInit_v2(void) { if (!running++) starts++; return 0; }
        int nvmlShutdown(void) { running--; return 0; }
        int nvmlSystemGetDriverVersion(char * text, unsigned count) {
            if (!running || count < 11) return 1;
            strcpy(text, "570.124.06");
            return 0;
        }
        int nvmlDeviceGetCount_v2(unsigned * count) { *count = 3; return running ? 0 : 1; }
        int nvmlDeviceGetHandleByIndex_v2(unsigned index, device_t * device) {
            if (index == 2) return 15; // lost
            *device = (device_t) (unsigned long) (index + 1);
            return 0;
        }
        int nvmlDeviceGetName(device_t device, char * text, unsigned count) {
            return snprintf(text, count, "NVIDIA Test %lu", (unsigned long) device) > 0 ? 0 : 1;
        }
        int nvmlDeviceGetPciInfo_v3(device_t device, pci_t * pci) {
            memset(pci, 0, sizeof *pci);
            strcpy(pci->old, "0000:AA:00.0");
            snprintf(pci->address, 32, "00000000:%02X:00.0", (unsigned) (unsigned long) device + 0xA0);
            return 0;
        }
        int nvmlDeviceGetMemoryInfo_v2(device_t device, memory2_t * memory) {
            if (memory->version != (sizeof *memory | 2 << 24)) return 25;
            if (device != (device_t) 1) return 3;
            memory->total = 25757220864, memory->reserved = 400000000, memory->free = 24000000000, memory->used = 957220864;
            return 0;
        }
        int nvmlDeviceGetMemoryInfo(device_t device, memory_t * memory) {
            #ifdef OLD
            memory->total = 8589934592, memory->free = 8000000000, memory->used = 589934592;
            return 0;
            #else
            return 3;
            #endif
        }
        int nvmlDeviceGetCudaComputeCapability(device_t device, int * major, int * minor) {
            *major = 8, *minor = 9;
            return 0;
        }
        int nvmlDeviceGetTemperature(device_t device, unsigned sensor, unsigned * value) {
            *value = 40 + starts + sensor;
            return 0;
        }
        int nvmlDeviceGetPowerUsage(device_t device, unsigned * value) { *value = 22350; return 0; }
        int nvmlDeviceGetEnforcedPowerLimit(device_t device, unsigned * value) { return 3; }
        int nvmlDeviceGetUtilizationRates(device_t device, rates_t * rates) {
            rates->gpu = 37, rates->memory = 5;
            return 0;
        }
        """

    private func library(_ options: [String], in root: TemporaryRoot) throws -> String {
        try root.write(Self.source, to: "/nvml.c")
        let file = root.url.appending(path: "libnvml-\(UUID().uuidString).so")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["clang", "-shared", "-fPIC"] + options + ["-o", file.path, root.url.path + "/nvml.c"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return file.path
    }

    @Test("tells what its devices are")
    func devices() throws {
        let root = try TemporaryRoot()
        let devices = NvidiaLibrary(paths: ["/nowhere/libnvidia-ml.so", try library([], in: root)]).devices()
        #expect(devices.count == 2)
        var first = GraphicsProcessor(maker: .nvidia, name: "NVIDIA Test 1")
        first.busAddress = "0000:a1:00.0"
        (first.totalByteCount, first.freeByteCount, first.usedByteCount) = (25_757_220_864, 24_000_000_000, 957_220_864)
        first.computeCapability = "8.9"
        first.driverVersion = "570.124.06"
        first.temperature = 41
        first.power = 22.35
        first.utilization = 0.37
        #expect(devices.first == first)
        // The second has no memory of its own, as chips that are one with the processor.
        #expect(devices.last?.sharesSystemMemory == true)
        #expect(devices.last?.totalByteCount == nil)
    }

    @Test("is asked in the older way where it does not know the newer")
    func older() throws {
        let root = try TemporaryRoot()
        let devices = NvidiaLibrary(paths: [try library(["-DOLD"], in: root)]).devices()
        #expect(devices.map(\.totalByteCount) == [25_757_220_864, 8_589_934_592])
        #expect(devices.map(\.sharesSystemMemory) == [false, false])
    }

    @Test("starts once for all samples, and for each reading otherwise")
    func keptStarted() throws {
        let root = try TemporaryRoot()
        let sampled = MachineSampler(files: root.files, graphics: [NvidiaLibrary(paths: [try library([], in: root)])])
        #expect((0..<3).map { _ in sampled.sample().graphics.first?.temperature } == [41, 41, 41])
        let read = NvidiaLibrary(paths: [try library([], in: root)])
        #expect((0..<3).map { _ in read.devices().first?.temperature } == [41, 42, 43])
    }

    @Test("may be missing, be something else, or not start")
    func missing() throws {
        #expect(NvidiaLibrary(paths: ["libroost-has-no-such-library.so"]).devices().isEmpty)
        #expect(NvidiaLibrary(paths: ["libc.so.6"]).devices().isEmpty)
        #expect(NvidiaLibrary(paths: []).devices().isEmpty)
        let root = try TemporaryRoot()
        try root.write("int nvmlInit_v2(void) { return 9; }", to: "/broken.c")
        #expect(NvidiaLibrary(paths: [root.url.path + "/broken.c"]).devices().isEmpty)
    }

    @Test("and the kernel's files tell of a device once")
    func once() throws {
        let root = try TemporaryRoot([
            "/sys/class/drm/card0/device/vendor": "0x10de\n",
            "/sys/class/drm/card0/device/uevent": "PCI_SLOT_NAME=0000:a1:00.0\n",
            "/sys/class/drm/card1/device/vendor": "0x10de\n",
            "/sys/class/drm/card1/device/uevent": "PCI_SLOT_NAME=0000:b7:00.0\n",
        ])
        let library = NvidiaLibrary(paths: [try library([], in: root)])
        let found = MachineDetector(files: root.files, graphics: [library]).detect().graphics
        // The one that only the kernel sees has no driver: nothing else is known of it.
        #expect(found.map(\.busAddress) == ["0000:a1:00.0", "0000:a2:00.0", "0000:b7:00.0"])
        #expect(found.last?.name == nil)
        #expect(found.last?.totalByteCount == nil)
    }
}
