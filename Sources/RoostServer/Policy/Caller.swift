import Roost
import Security

/// Who sends a request, and what that caller may do.
struct Caller: Sendable, Hashable {
    /// A name for logs and for fair sharing: the key's, never the secret. Callers of one name share what they computed;
    /// those of different names never do.
    let name: String
    /// The key that was shown; `nil` for the owner of the machine and for nobody.
    let keyID: String?
    /// What the caller may do.
    let scopes: Set<AccessScope>
    /// The models that the caller may use; empty for all.
    let models: [ModelPattern]
    /// Why this is nobody; `nil` when it is known who calls.
    let refusal: Refusal?

    /// A caller who is known.
    init(name: String, keyID: String? = nil, scopes: Set<AccessScope>, models: [ModelPattern] = []) {
        self.name = name
        self.keyID = keyID
        self.scopes = scopes
        self.models = models
        refusal = nil
    }

    /// The holder of a key.
    init(_ key: AccessKey) {
        self.init(name: key.name, keyID: key.id, scopes: key.scopes, models: key.models)
    }

    private init(refusal: Refusal) {
        name = ""
        keyID = nil
        scopes = []
        models = []
        self.refusal = refusal
    }

    /// The person whose machine this is: where no keys are asked for, and this person's own `roost`.
    static let owner = Caller(name: "", scopes: Set(AccessScope.allCases))

    /// Somebody of whom nothing is known.
    static func nobody(_ refusal: Refusal) -> Caller { Caller(refusal: refusal) }

    /// Throws `APIError.unauthorized` when it is not known who calls, and `.forbidden` when the caller may not do what
    /// an endpoint does.
    func require(_ access: ServerRoute.Access) throws {
        guard case .scope(let scope) = access else { return }
        if let refusal { throw refusal.error }
        guard !scopes.contains(scope) else { return }
        throw APIError.forbidden(
            "This needs a key with the scope “\(scope.rawValue)”; the one that was sent has "
                + (scopes.isEmpty ? "none" : scopes.map(\.rawValue).sorted().joined(separator: ", ")) + ".")
    }

    /// Whether the caller may use the model of this name. Patterns are held against the name with its tag, and without
    /// the tag when that is `latest`.
    func mayUse(model name: ModelName) -> Bool {
        models.isEmpty || models.contains { $0.matches(name.description) || $0.matches(name.display) }
    }

    /// Whether the caller may use a model that is named like this.
    func mayUse(model text: String) -> Bool {
        if models.isEmpty { return true }
        guard let name = ModelName(text) else { return models.contains { $0.matches(text) } }
        return mayUse(model: name)
    }
}

extension Caller {
    /// Why it is not known who calls.
    enum Refusal: Sendable, Hashable {
        /// No key was sent.
        case missing
        /// What was sent is not one key.
        case ambiguous
        /// The key was never made here, or it was revoked.
        case unknown
        /// The key's time is over.
        case expired
        /// The keys cannot be read now.
        case unreadable

        /// What the client is told.
        var error: APIError {
            switch self {
            case .missing:
                .unauthorized(
                    "This server asks for a key; send it as “Authorization: Bearer KEY”. “roost keys create NAME” makes "
                        + "one.")
            case .ambiguous:
                .unauthorized("Send one key, once, as “Authorization: Bearer KEY” or as x-api-key.")
            case .unknown: .unauthorized("The key is not one of this server's, or it was revoked.")
            case .expired: .unauthorized("The key has expired; ask for a new one.")
            case .unreadable:
                .unavailable("This server cannot check keys at the moment, so it answers nobody; its log says why.")
            }
        }
    }
}
