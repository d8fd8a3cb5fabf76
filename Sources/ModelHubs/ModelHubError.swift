import Security

/// What can go wrong between a name and the files it stands for. Each description is one sentence: what, the value,
/// what to do. No case carries a token, and addresses are shown without their query, which may be a signature.
public enum ModelHubError: Error, Hashable, Sendable {
    /// The text is not a model's name, address or path; `rule` says which rule it breaks.
    case invalidReference(text: String, rule: String)
    /// The text means more than one thing; `choices` are texts that mean one each.
    case ambiguous(text: String, choices: [String])
    /// No hub that was asked knows the name; `suggestions` are near names of the catalog.
    case unknownModel(text: String, suggestions: [String])
    /// The catalog does not have the name, and the hub that might know it was not reached; the hub's `failure`.
    case notInCatalog(text: String, suggestions: [String], failure: String)
    /// The hub cannot be asked for this kind of reference.
    case unsupportedReference(text: String, hub: String)
    /// A wish that this hub's names have no place for; what to do instead.
    case unsupportedWish(wish: String, hub: String, advice: String)
    /// No such repository or model, or one that this token may not see.
    case repositoryNotFound(repository: String, host: String, hasToken: Bool)
    /// The owner wants the licence accepted at `page` first.
    case gated(repository: String, page: String, hasToken: Bool)
    /// The repository has no such branch, tag or commit.
    case revisionNotFound(revision: String, repository: String)
    /// The repository has no file or quantization of this name; `choices` are what it has.
    case fileNotFound(name: String, repository: String, choices: [String])
    /// The repository or folder has no GGUF file; `found` says what it has instead.
    case noModelFile(repository: String, found: String)
    /// Some parts of a split model are not there.
    case missingShards(name: String, missing: [Int], count: Int)
    /// The hub serves a file of this size only through a protocol that Roost does not speak.
    case fileTooLarge(name: String, byteCount: Int64)
    /// The address does not answer with a model file.
    case notAModelFile(location: String, reason: String)
    /// The hub did not accept the token.
    case tokenRefused(host: String, reason: String)
    /// The hub refuses; its own words.
    case forbidden(host: String, reason: String)
    /// Too many requests; seconds to wait when the hub said so.
    case rateLimited(host: String, seconds: Int?)
    /// The hub answered with an error of its own.
    case unavailable(host: String, status: Int)
    /// No connection; the system's words.
    case unreachable(host: String, reason: String)
    /// The answer is not what the protocol says.
    case unexpectedAnswer(location: String, reason: String)
    /// Offline mode is on.
    case offline(host: String, setting: String)
    /// Plain http to another machine.
    case insecureAddress(String)
    /// An address of this machine or of a network around it, given from elsewhere.
    case refusedAddress(String, reason: String)
    /// A redirect that would lower the protection of the connection, or leave for a private network.
    case refusedRedirect(from: String, to: String, reason: String)
    /// A redirect loop.
    case tooManyRedirects(location: String, limit: Int)
    /// Two sources say different things of the same file.
    case pinMismatch(name: String, fact: String, expected: String, found: String)
    /// The hub has no search.
    case searchUnsupported(hub: String)
    /// A path could not be read; the system's words.
    case fileSystem(path: String, reason: String)
    /// A catalog breaks its schema at `location`, such as `models[3].sha256`.
    case invalidCatalog(source: String, location: String, rule: String)
    /// An environment variable or configuration key with a value that cannot be used.
    case invalidSetting(name: String, value: String, rule: String)
}

extension ModelHubError: CustomStringConvertible {
    /// One sentence: what was wrong, the value, what to do.
    public var description: String {
        switch self {
        case .invalidReference(let text, let rule):
            return "“\(text.shown)” is not a model's name, address or path: \(rule)."
        case .ambiguous(let text, let choices):
            return "“\(text.shown)” can mean more than one model; write one of: \(Self.list(choices))."
        case .unknownModel(let text, let suggestions):
            return suggestions.isEmpty
                ? "No model “\(text.shown)” was found in the catalog or on the hubs; “roost search” looks for words."
                : "No model “\(text.shown)” was found in the catalog or on the hubs; did you mean \(Self.list(suggestions))?"
        case .notInCatalog(let text, let suggestions, let failure):
            let near = suggestions.isEmpty ? "" : " (did you mean \(Self.list(suggestions))?)"
            return "The catalog has no “\(text.shown)”\(near), and the hub that may know it did not answer: \(failure)"
        case .unsupportedWish(let wish, let hub, let advice):
            return "\(hub.shown) takes no \(wish): \(advice.shown)."
        case .unsupportedReference(let text, let hub):
            return "\(hub) cannot be asked for “\(text.shown)”; that is a name for another source."
        case .repositoryNotFound(let repository, let host, let hasToken):
            return "There is no “\(repository.shown)” on \(host.shown), or it is private; check the name, "
                + (hasToken ? "and that your token may read it." : "or set a token (HF_TOKEN) that may read it.")
        case .gated(let repository, let page, let hasToken):
            return hasToken
                ? "“\(repository.shown)” is gated and your token has no access yet; accept its licence at \(page.shown)."
                : "“\(repository.shown)” is gated; accept its licence at \(page.shown) and set a token (HF_TOKEN)."
        case .revisionNotFound(let revision, let repository):
            return
                "“\(repository.shown)” has no branch, tag or commit “\(revision.shown)”; leave it out for the newest."
        case .fileNotFound(let name, let repository, let choices):
            return choices.isEmpty
                ? "“\(repository.shown)” has no file “\(name.shown)”; check the name at its page."
                : "“\(repository.shown)” has no “\(name.shown)”; it has \(Self.list(choices))."
        case .noModelFile(let repository, let found):
            return
                "“\(repository.shown)” has no GGUF model file (it has \(found.shown)); look for a GGUF version of it."
        case .missingShards(let name, let missing, let count):
            let parts = missing.map(String.init)
            return "“\(name.shown)” is split in \(count) files and \(Self.list(parts, quoted: false)) of them "
                + "\(missing.count == 1 ? "is" : "are") missing; get the missing ones or choose another quantization."
        case .fileTooLarge(let name, let byteCount):
            return "“\(name.shown)” has \(byteCount) bytes and its hub serves files over 400 GB only through Xet, "
                + "which Roost does not speak; choose a split or smaller quantization."
        case .notAModelFile(let location, let reason):
            return "“\(location.shown)” is not a model file: \(reason.shown)."
        case .tokenRefused(let host, let reason):
            return "\(host.shown) does not accept your token (\(reason.shown)); make a new one or unset HF_TOKEN."
        case .forbidden(let host, let reason):
            return "\(host.shown) refuses the request (\(reason.shown)); check that you may read this model."
        case .rateLimited(let host, let seconds):
            return seconds.map { "\(host.shown) limits requests; try again in \($0) seconds." }
                ?? "\(host.shown) limits requests; try again in a minute, or set a token."
        case .unavailable(let host, let status):
            return "\(host.shown) has a problem of its own (HTTP \(status)); try again later."
        case .unreachable(let host, let reason):
            return "\(host.shown) cannot be reached (\(reason.shown)); check the network and the address."
        case .unexpectedAnswer(let location, let reason):
            return "The answer of \(location.shown) cannot be used: \(reason.shown); "
                + "check that the address is the hub's own and not a proxy's page."
        case .offline(let host, let setting):
            return "\(host.shown) was not asked because \(setting) is set; unset it to go online."
        case .insecureAddress(let location):
            return "“\(location.shown)” is not https; only addresses of this machine may be plain http."
        case .refusedAddress(let location, let reason):
            return "“\(location.shown)” is not asked: \(reason); only configured addresses may be there."
        case .refusedRedirect(let from, let to, let reason):
            return "\(from.shown) redirects to \(to.shown), which is not followed: \(reason)."
        case .tooManyRedirects(let location, let limit):
            return "\(location.shown) redirects more than \(limit) times; the address leads nowhere."
        case .pinMismatch(let name, let fact, let expected, let found):
            return "The \(fact) of “\(name.shown)” should be \(expected.shown) and the hub says \(found.shown); "
                + "do not use it until you know why."
        case .searchUnsupported(let hub):
            return "\(hub) has no search; look at its page, or search Hugging Face."
        case .fileSystem(let path, let reason):
            return "“\(path.shown)” cannot be read: \(reason.shown)."
        case .invalidCatalog(let source, let location, let rule):
            return "The catalog “\(source.shown)” is not valid at \(location.shown): \(rule.shown)."
        case .invalidSetting(let name, let value, let rule):
            return "\(name) is “\(value.shown)”, and \(rule)."
        }
    }

    /// `“a”, “b” or “c”`, at most ten.
    private static func list(_ items: [String], quoted: Bool = true) -> String {
        var shown = items.prefix(10).map { quoted ? "“\($0.shown)”" : $0.shown }
        if items.count > shown.count { return shown.joined(separator: ", ") + " and \(items.count - shown.count) more" }
        guard let last = shown.popLast() else { return "nothing" }
        return shown.isEmpty ? last : shown.joined(separator: ", ") + (quoted ? " or " : " and ") + last
    }
}
