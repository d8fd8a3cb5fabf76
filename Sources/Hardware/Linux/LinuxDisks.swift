import Foundation

/// The file systems below paths as Linux tells of them: `/proc/self/mountinfo` and `/sys/dev/block`.
struct LinuxDisks {
    let files: SystemFiles

    func read(_ paths: [String]) -> [Disk] {
        let mounts = (files.text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap(
            MountedFileSystem.init)
        return paths.map { path in
            var disk = Disk(path: path)
            if files.isThisMachine { disk.readSizes() }
            // Of two mounts on one folder the later one is seen.
            guard let mount = mounts.last(where: { $0.contains(path) && $0.mountPoint == longest(path, mounts) }) else {
                return disk
            }
            disk.mountPoint = mount.mountPoint
            disk.fileSystem = mount.fileSystem
            disk.source = mount.source
            disk.kind = kind(of: mount)
            return disk
        }
    }

    private func longest(_ path: String, _ mounts: [MountedFileSystem]) -> String? {
        mounts.filter { $0.contains(path) }.map(\.mountPoint).max { $0.count < $1.count }
    }

    private func kind(of mount: MountedFileSystem) -> Disk.Kind? {
        let fileSystem = mount.fileSystem
        if ["nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "glusterfs", "fuse.sshfs", "lustre"].contains(fileSystem) {
            return .network
        }
        if ["tmpfs", "ramfs"].contains(fileSystem) { return .memory }
        // Folders of the host: 9p and virtiofs are a virtual machine's, drvfs is Windows's.
        if ["9p", "virtiofs", "drvfs", "vboxsf", "fuse.vmhgfs-fuse"].contains(fileSystem) { return .virtual }
        let name = (mount.source.split(separator: "/").last.map(String.init)) ?? ""
        if name.hasPrefix("nvme") { return .nvme }
        let folder = "/sys/dev/block/\(mount.device)"
        let rotational = ["queue", "../queue"].lazy.compactMap { files.number("\(folder)/\($0)/rotational") }.first
        // A virtual disk says what its host told it, which is seldom the truth.
        if ["vd", "xvd"].contains(where: name.hasPrefix) { return .virtual }
        return rotational.map { $0 == 0 ? .solidState : .rotating }
    }
}

extension MountedFileSystem {
    fileprivate func contains(_ path: String) -> Bool {
        mountPoint == "/" || path == mountPoint || path.hasPrefix(mountPoint + "/")
    }
}
