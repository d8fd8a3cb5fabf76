public import Inference

/// What stands between a model and everything else on the machine.
public enum ModelIsolation: String, Sendable, Hashable, Codable, CaseIterable {
    /// It computes in the process that asks: a fault in it is a fault of that process.
    case inProcess = "in-process"
    /// It has a process of its own that can open no file and no connection.
    case sandboxed
    /// As ``sandboxed``, but with the drivers of GPUs, which are a wide door.
    case sandboxedWithGPU = "sandboxed-gpu"
    /// It has a process of its own that may do what its user may.
    case unsandboxed
}

/// A model that says what stands around it.
public protocol IsolatedModel: RunningModel {
    /// What stands between it and the machine.
    var isolation: ModelIsolation { get }
}

extension RunningModel {
    /// What stands between it and the machine; a process of which nothing is known counts as unsandboxed.
    public var knownIsolation: ModelIsolation {
        if let model = self as? any IsolatedModel { return model.isolation }
        return activity.processIdentifier == nil ? .inProcess : .unsandboxed
    }
}
