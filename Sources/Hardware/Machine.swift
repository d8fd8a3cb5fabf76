/// What is known of a machine, at one moment. What is `nil` is unknown, never zero.
///
/// ```swift
/// let machine = await Machine.current()
/// print(machine.processor.name ?? "unknown", machine.computeThreadCount)
/// ```
public struct Machine: Sendable, Hashable, Codable {
    /// The system that runs.
    public var operatingSystem: OperatingSystem
    /// Whether it is a virtual machine, and whether this process is in a container.
    public var environment: MachineEnvironment
    /// Its processor.
    public var processor: CentralProcessor
    /// Its memory.
    public var memory: MachineMemory
    /// What control groups leave to this process of processor and memory.
    public var limits: ResourceLimits
    /// Graphics processors that can compute.
    public var graphics: [GraphicsProcessor]
    /// The file systems that were asked about.
    public var disks: [Disk]
    /// Temperatures, power and fans.
    public var sensors: [Sensor]

    /// Threads that compute best: one for each performance core that this process may use, no more than whole cores of
    /// its quota, at least 1.
    ///
    /// A quota is rounded down: one thread more than it allows has all of them wait.
    public var computeThreadCount: Int {
        processor.computeThreadCount(quota: limits.processorQuota)
    }

    /// Bytes of memory that can be taken without swapping, in this process's control groups; `nil` when unknown.
    public var availableByteCount: Int64? {
        [memory.availableByteCount, limits.memoryRoomByteCount].compactMap { $0 }.min()
    }

    /// All memory that this process may have; `nil` when unknown.
    public var usableByteCount: Int64? {
        [memory.totalByteCount, limits.memoryByteCount].compactMap { $0 }.min()
    }
}

/// The system that runs on a machine.
public struct OperatingSystem: Sendable, Hashable, Codable {
    /// `linux` or `macos`.
    public var kind: String
    /// As people call it: `Debian GNU/Linux 12 (bookworm)`.
    public var name: String?
    /// The kernel's version.
    public var kernel: String?

    /// A system.
    public init(kind: String, name: String? = nil, kernel: String? = nil) {
        self.kind = kind
        self.name = name
        self.kernel = kernel
    }
}

/// What stands between a process and the hardware.
public struct MachineEnvironment: Sendable, Hashable, Codable {
    /// The hypervisor when this is a virtual machine: `kvm`, `vmware`, `hyper-v`, `wsl`, …, or `unknown`.
    public var hypervisor: String?
    /// The container that this process is in: `docker`, `podman`, `kubernetes`, `lxc`, …, or `unknown`.
    public var container: String?

    /// An environment.
    public init(hypervisor: String? = nil, container: String? = nil) {
        self.hypervisor = hypervisor
        self.container = container
    }
}
