public import Inference

extension MachineCeiling {
    /// The limits that were measured: the best probe of each.
    public init(_ measurement: MachineMeasurement) {
        self.init(
            kernels: measurement.kernels.map { kernel in
                Kernel(
                    device: kernel.device, type: kernel.type, bytesPerSecond: kernel.bytesPerSecond.best,
                    flopsPerSecond: kernel.flopsPerSecond.best)
            }, measuredAt: measurement.measuredAt, engine: measurement.engine, threadCount: measurement.threadCount)
    }
}
