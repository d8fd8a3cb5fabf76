import Hummingbird

/// One family of endpoints in the form that its clients know. To add a dialect: a folder, a conforming type, and a
/// line in `ServerRouter.dialects`.
protocol Dialect: Sendable {
    /// Whether a path belongs to this dialect; errors on it take the dialect's form.
    func owns(path: String) -> Bool
    /// The endpoints, each with who may call it.
    var routes: [ServerRoute] { get }
    /// An error in the dialect's form.
    func response(to error: APIError) -> Response
}
