/// Whose prefixes these are: never shared between tenants, nor between scales of adapters, which change what the cells
/// hold.
struct PrefixNamespace: Hashable, Sendable {
    var tenant: String
    /// Scales by the adapters' names; `nil` is the default of each.
    var adapterScales: [String: Float]?
    /// For a request whose prompt nobody else may use: its own number, from 1; 0 is everybody's of this tenant.
    var privateNumber: UInt64 = 0

    /// The same for the same namespace and no other, in every process: what stands for it where it is saved.
    var identity: [UInt8] {
        var bytes = Array("\(tenant.utf8.count):\(tenant)".utf8)
        guard let adapterScales else { return bytes + [0] }
        bytes.append(1)
        for (name, scale) in adapterScales.sorted(by: { $0.key < $1.key }) {
            bytes += "\(name.utf8.count):\(name)=\(scale.bitPattern);".utf8
        }
        return bytes
    }
}
