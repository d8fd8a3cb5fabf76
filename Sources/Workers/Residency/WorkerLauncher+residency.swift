import Inference

extension WorkerLauncher: ModelLauncher {}

extension WorkerModel: IsolatedModel {
    /// What its process is locked in.
    public var isolation: ModelIsolation {
        switch sandbox {
        case .full: .sandboxed
        case .gpu: .sandboxedWithGPU
        case .none: .unsandboxed
        }
    }
}
