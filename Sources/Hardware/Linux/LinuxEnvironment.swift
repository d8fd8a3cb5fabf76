import Foundation

/// The system, the hypervisor and the container, as Linux tells of them.
struct LinuxEnvironment {
    let files: SystemFiles

    func operatingSystem() -> OperatingSystem {
        let release = files.fields("/etc/os-release", separator: "=")
        return OperatingSystem(
            kind: "linux", name: release["PRETTY_NAME"]?.trimmingCharacters(in: ["\"", "'"]),
            kernel: files.line("/proc/sys/kernel/osrelease"))
    }

    func read() -> MachineEnvironment { MachineEnvironment(hypervisor: hypervisor(), container: container()) }

    private func hypervisor() -> String? {
        if let kernel = files.line("/proc/sys/kernel/osrelease")?.lowercased(), kernel.contains("microsoft") {
            return "wsl"
        }
        let vendor = [
            files.line("/sys/class/dmi/id/sys_vendor"), files.line("/sys/class/dmi/id/product_name"),
            files.line("/sys/class/dmi/id/bios_vendor"),
        ].compactMap { $0?.lowercased() }.joined(separator: " ")
        for (part, name) in Self.vendors where vendor.contains(part) { return name }
        if let type = files.line("/sys/hypervisor/type") { return type }
        if let tree = files.line("/proc/device-tree/hypervisor/compatible") {
            return tree.contains("xen") ? "xen" : tree.contains("kvm") ? "kvm" : tree
        }
        if ProcessorInfo(files.text("/proc/cpuinfo") ?? "").isVirtual {
            return files.exists("/sys/devices/virtual/misc/kvm-clock") || isKVMClock ? "kvm" : "unknown"
        }
        return nil
    }

    /// A guest of KVM has KVM's clock.
    private var isKVMClock: Bool {
        (files.line("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "").contains("kvm-clock")
    }

    /// Parts of what firmware says of itself under a hypervisor; those that are part of a real machine's are not here.
    private static let vendors = [
        ("qemu", "kvm"), ("kvm", "kvm"), ("amazon ec2", "kvm"), ("google compute engine", "kvm"), ("openstack", "kvm"),
        ("vmware", "vmware"), ("virtualbox", "virtualbox"), ("innotek", "virtualbox"), ("xen", "xen"),
        ("parallels", "parallels"), ("bochs", "bochs"), ("apple virtualization", "apple"),
        ("virtual machine", "hyper-v"),
    ]

    private func container() -> String? {
        if files.exists("/.dockerenv") { return "docker" }
        if files.exists("/run/.containerenv") { return "podman" }
        if let name = files.line("/run/systemd/container") { return name }
        // Of the first process, which a user without privileges may not read.
        let variables = (files.text("/proc/1/environ") ?? "").split(separator: "\0")
        if let name = variables.first(where: { $0.hasPrefix("container=") })?.dropFirst(10), !name.isEmpty {
            return String(name)
        }
        let group = files.text("/proc/self/cgroup") ?? ""
        for name in ["kubepods", "docker", "libpod", "lxc", "containerd"] where group.contains("/\(name)") {
            return ["kubepods": "kubernetes", "libpod": "podman"][name] ?? name
        }
        return nil
    }
}
