import Dispatch
import Foundation
import Synchronization

/// A model's chat templates, read when they are first needed, and applied under a time limit.
///
/// The runtime that renders templates cannot be interrupted. Rendering has a thread of its own; when it takes too long,
/// the request ends and the thread is left behind, and nothing more is rendered until it is done. In a worker process
/// the memory that it takes meanwhile is bounded by the process's limit.
final class TemplateCache: Sendable {
    /// How long a template may take. The slowest known ones take a hundredth of a second.
    static let defaultTimeLimit = Duration.seconds(10)

    private let model: ModelHandle
    private let name: String
    /// A template in the place of the model's.
    private let own: String?
    private let timeLimit: Duration
    private let loaded = Mutex<Result<ChatTemplates?, InferenceError>?>(nil)
    /// Whether a rendering was left behind.
    private let isStuck = Mutex(false)

    init(
        model: ModelHandle, name: String, own: String? = nil, timeLimit: Duration = TemplateCache.defaultTimeLimit
    ) {
        self.model = model
        self.name = name
        self.own = own
        self.timeLimit = timeLimit
    }

    /// What the template makes of `input`.
    ///
    /// Throws `InferenceError.noChatTemplate` or `.templateFailed`.
    func apply(_ input: TemplateInput) throws -> TemplateOutput {
        if isStuck.withLock({ $0 }) { throw tookTooLong }
        let outcome = Outcome()
        let thread = Thread { [self] in
            let result = Result { try render(input) }
            let isLate = outcome.settle(result)
            if isLate { isStuck.withLock { $0 = false } }
        }
        thread.name = "roost-template"
        // The runtime recurses; what it is given is bounded by TemplateBounds, with room to spare here.
        thread.stackSize = 64 << 20
        thread.start()
        return try outcome.wait(timeLimit) { isStuck.withLock { $0 = true } }?.get() ?? { throw tookTooLong }()
    }

    /// The conversation as the template writes it, and nothing else.
    ///
    /// Throws as ``apply(_:)``.
    func prompt(for chat: ChatRequest) throws -> String {
        try ChatRules.check(chat)
        return try apply(TemplateInput(chat, marker: "", schema: nil)).prompt
    }

    private var tookTooLong: InferenceError {
        .templateFailed(reason: "it did not come to an end within \(timeLimit)")
    }

    private func render(_ input: TemplateInput) throws -> TemplateOutput {
        let templates = try loaded.withLock { loaded in
            let result = loaded ?? load()
            loaded = result
            return try result.get()
        }
        guard let templates else { throw InferenceError.noChatTemplate(model: name) }
        return try templates.apply(input)
    }

    private func load() -> Result<ChatTemplates?, InferenceError> {
        do {
            return .success(try ChatTemplates(of: model, own: own))
        } catch {
            return .failure(error as? InferenceError ?? .templateFailed(reason: "\(error)"))
        }
    }

    /// What a rendering thread hands over, once.
    private final class Outcome: Sendable {
        private enum State {
            case waiting, abandoned
            case settled(Result<TemplateOutput, any Error>)
        }

        private let state = Mutex(State.waiting)
        private let signal = DispatchSemaphore(value: 0)

        /// Whether nobody waits any more.
        func settle(_ result: Result<TemplateOutput, any Error>) -> Bool {
            let isLate = state.withLock { state in
                if case .abandoned = state { return true }
                state = .settled(result)
                return false
            }
            signal.signal()
            return isLate
        }

        /// `nil` when it took too long; `abandon` is called before it can be too late for it.
        func wait(_ limit: Duration, abandon: () -> Void) -> Result<TemplateOutput, any Error>? {
            _ = signal.wait(timeout: .now() + .nanoseconds(limit.nanoseconds))
            return state.withLock { state in
                if case .settled(let result) = state { return result }
                abandon()
                state = .abandoned
                return nil
            }
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    }
}
