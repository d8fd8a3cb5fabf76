/// Where a model's weights are read from.
public enum ModelSource: Sendable, Hashable {
    /// The files of the ``ModelFileSet``, by their paths.
    case paths
    /// Open files, one for each of the ``ModelFileSet``'s weights and in their order, for a process that may not open
    /// any itself. They stay open. Several are opened again through the system's folder of descriptors.
    case descriptors([Int32])

    /// The name by which a process can open a file again that it has open.
    public static func path(_ descriptor: Int32) -> String {
        #if canImport(Darwin)
            "/dev/fd/\(descriptor)"
        #else
            "/proc/self/fd/\(descriptor)"
        #endif
    }
}
