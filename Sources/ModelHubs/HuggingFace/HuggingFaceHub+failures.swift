import Foundation

/// What a request was about: for messages.
struct HuggingFaceContext: Sendable {
    let repository: RepositoryName
    let revision: String?
}

extension HuggingFaceHub {
    /// The error behind an answer that is none of success and redirect.
    ///
    /// The hub says more in `X-Error-Code` than in the status: 401 also stands for repositories that are not there.
    func failure(_ response: HubResponse, _ context: HuggingFaceContext?, file: String?) -> ModelHubError {
        let repository = context?.repository.description ?? Self.repository(in: response.url) ?? "the repository"
        let hasToken = settings.credential != nil
        let words = response.text(of: "x-error-message") ?? "HTTP \(response.status)"
        switch response.text(of: "x-error-code") {
        case "GatedRepo":
            return .gated(
                repository: repository, page: "\(settings.endpoint.shown)/\(repository)", hasToken: hasToken)
        case "RepoNotFound":
            return .repositoryNotFound(repository: repository, host: host, hasToken: hasToken)
        case "RevisionNotFound":
            return .revisionNotFound(revision: context?.revision ?? "main", repository: repository)
        case "EntryNotFound":
            return .fileNotFound(name: file ?? response.url.lastPathComponent, repository: repository, choices: [])
        default: break
        }
        switch response.status {
        case 401 where hasToken && words.lowercased().contains("credential"):
            return .tokenRefused(host: host, reason: words)
        case 401 where context != nil || file != nil:
            return .repositoryNotFound(repository: repository, host: host, hasToken: hasToken)
        case 401: return .tokenRefused(host: host, reason: words)
        case 404 where file != nil:
            return .fileNotFound(name: file ?? "", repository: repository, choices: [])
        case 404 where context != nil:
            return .repositoryNotFound(repository: repository, host: host, hasToken: hasToken)
        case 403, 451: return .forbidden(host: host, reason: words)
        case 500...: return .unavailable(host: host, status: response.status)
        default:
            return .unexpectedAnswer(location: response.url.shown, reason: words)
        }
    }

    /// `owner/name` of `…/owner/name/resolve/…`.
    private static func repository(in url: URL) -> String? {
        let parts = url.path.split(separator: "/")
        guard let index = parts.firstIndex(of: "resolve"), index >= 2 else { return nil }
        return "\(parts[index - 2])/\(parts[index - 1])"
    }
}
