/// How busy a machine is before something is measured on it.
public enum MachineLoad {
    /// More than this of the processors' time used by others makes figures doubtful.
    public static let quiet = 0.1

    /// The part of all processors' time that is used, over half a second, 0…1; `nil` where the system does not say.
    public static func current() async -> Double? {
        var isFirst = true
        for await sample in Machine.samples(every: .milliseconds(500)) {
            // The first has nothing to be compared with.
            if !isFirst { return sample.processorUtilization }
            isFirst = false
        }
        return nil
    }
}
