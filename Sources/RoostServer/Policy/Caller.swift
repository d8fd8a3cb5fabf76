import Roost
import Security

/// Who sends a request, and what that caller may do.
struct Caller: Sendable, Hashable {
    /// A name for logs and for fair sharing: the key's, never the secret. Callers of one name share what they computed;
    /// those of different names never do.
    let name: String
    /// What the caller may do.
    let scopes: Set<AccessScope>

    /// The person whose machine this is, where no keys are asked for.
    static let owner = Caller(name: "", scopes: Set(AccessScope.allCases))

    /// Throws `APIError.forbidden` when the caller may not do what an endpoint does.
    func require(_ access: ServerRoute.Access) throws {
        guard case .scope(let scope) = access, !scopes.contains(scope) else { return }
        throw APIError.forbidden(
            "This needs a key with the scope “\(scope.rawValue)”; the one that was sent has "
                + (scopes.isEmpty ? "none" : scopes.map(\.rawValue).sorted().joined(separator: ", ")) + ".")
    }
}
