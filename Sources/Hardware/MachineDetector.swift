import Foundation

/// Finds out what a machine has.
///
/// ```swift
/// let here = MachineDetector(diskPaths: ["/"]).detect()
/// let recorded = MachineDetector(files: SystemFiles(root: folder)).detect()
/// ```
public struct MachineDetector: Sendable {
    /// Where the system tells about itself.
    public let files: SystemFiles
    private let graphics: [any GraphicsSource]
    private let diskPaths: [String]

    /// A detector of this machine or a recorded one.
    ///
    /// - Parameters:
    ///   - graphics: further ways to learn of graphics processors, those that know most first. By default NVIDIA's
    ///     library on this machine, what `nvidia-smi` printed (`nvidia-smi.csv`) on a recorded one.
    ///   - diskPaths: the paths whose file systems are wanted.
    public init(
        files: SystemFiles = SystemFiles(), graphics: [any GraphicsSource]? = nil, diskPaths: [String] = []
    ) {
        self.files = files
        self.graphics = Self.sources(graphics, files)
        self.diskPaths = diskPaths
    }

    /// The sources given, or the vendors' that there are.
    static func sources(_ given: [any GraphicsSource]?, _ files: SystemFiles) -> [any GraphicsSource] {
        if let given { return given }
        if files.isThisMachine { return [NvidiaLibrary()] }
        return files.text("/nvidia-smi.csv").map { [NvidiaReport($0)] } ?? []
    }

    /// What there is now. Blocks for milliseconds; where a vendor's library starts first, for a second or two.
    public func detect() -> Machine {
        if let control = SystemControl(files) {
            let disks = diskPaths.map { path in
                var disk = Disk(path: path)
                if files.isThisMachine { disk.readSizes() }
                return disk
            }
            return DarwinMachine(control: control, isThisMachine: files.isThisMachine)
                .read(graphics: GraphicsSources(sources: graphics).devices(), disks: disks)
        }
        let limits = LinuxControlGroups(files: files).read()
        let environment = LinuxEnvironment(files: files)
        var machine = Machine(
            operatingSystem: environment.operatingSystem(), environment: environment.read(),
            processor: LinuxProcessor(files: files, allowed: limits.threads).read(),
            memory: MachineMemory(), limits: limits, graphics: [], disks: [], sensors: [])
        readChanging(&machine)
        return machine
    }

    /// What there is now of a machine that was detected a moment ago: its system and its processor are not looked at
    /// again.
    func detect(again machine: Machine) -> Machine {
        // Apple's system tells all of it at once.
        if SystemControl(files) != nil { return detect() }
        var machine = machine
        machine.limits = LinuxControlGroups(files: files).read()
        readChanging(&machine)
        return machine
    }

    private func readChanging(_ machine: inout Machine) {
        machine.memory = LinuxMemory(files: files).read()
        machine.graphics = GraphicsSources(sources: graphics + [DirectRendering(files: files)]).devices()
        machine.disks = LinuxDisks(files: files).read(diskPaths)
        machine.sensors = LinuxSensors(files: files).read()
        machine.memory.isUnified = machine.graphics.contains(where: \.sharesSystemMemory)
        machine.boundSharedGraphics()
    }
}

extension Machine {
    /// What this machine has now, found out on a thread of its own.
    ///
    /// - Parameter diskPaths: the paths whose file systems are wanted.
    public static func current(diskPaths: [String] = []) async -> Machine {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: MachineDetector(diskPaths: diskPaths).detect()) }
            thread.name = "roost-hardware"
            thread.start()
        }
    }

    /// Graphics processors that take the machine's memory can take no more than is left of it.
    fileprivate mutating func boundSharedGraphics() {
        for index in graphics.indices where graphics[index].sharesSystemMemory {
            graphics[index].freeByteCount = [graphics[index].freeByteCount, availableByteCount].compactMap { $0 }.min()
        }
    }
}
