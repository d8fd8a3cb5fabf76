import Foundation
import HTTPTypes
import Hummingbird
import Roost
import Security

/// Whether keys are asked for, and who sends a request.
///
/// Keys are asked for as soon as one was ever made for the home directory, unless the settings say that they always or
/// never are. The person's own `roost` shows a token that this server made for it when it started, and whoever may
/// open the server's Unix socket needs none: there the file's permissions are the check.
struct KeyPolicy: Sendable {
    private let keys: AccessKeys?
    private var requirement: Bool?
    /// What this person's own commands show; only this process and the record in the home directory have it.
    let ownToken = AccessToken()
    private let ownKey: AccessKey

    init(configuration: RoostServerConfiguration) {
        keys = configuration.keys
        requirement = configuration.requiresKeys
        ownKey = AccessKey(for: ownToken, name: "roost", scopes: [], createdAt: .distantPast)
    }

    /// The same keys and the same token under another configuration, for a reload.
    func configured(by configuration: RoostServerConfiguration) -> KeyPolicy {
        var policy = self
        policy.requirement = configuration.requiresKeys
        return policy
    }

    /// Who sends the request. Throws `AccessKeyError` when the keys cannot be read.
    func caller(of request: Request, isLocalSocket: Bool) throws -> Caller {
        let credentials = Self.credentials(in: request.headers)
        guard let credential = credentials.first else {
            return try isLocalSocket || !areAsked() ? .owner : .nobody(.missing)
        }
        let token = credentials.allSatisfy { $0 == credential } ? credential.flatMap { AccessToken($0) } : nil
        if let token, ownKey.isShown(by: token) { return .owner }
        // Where no keys are asked for, clients send what they like: some do not go without one.
        guard try areAsked() else { return .owner }
        guard let token else { return .nobody(credentials.count > 1 || credential == nil ? .ambiguous : .unknown) }
        return switch try keys?.find(token) ?? .unknown {
        case .valid(let key): Caller(key)
        case .expired: .nobody(.expired)
        case .unknown: .nobody(.unknown)
        }
    }

    /// Whether the key of this id is good now. Throws `AccessKeyError` when the keys cannot be read.
    func isValid(keyID: String) throws -> Bool { try keys?.isValid(id: keyID) ?? false }

    /// Whether keys are asked for. Throws `AccessKeyError` when they cannot be read.
    func areAsked() throws -> Bool { try requirement ?? keys?.exist() ?? false }

    /// What was sent to show who calls, `nil` for what cannot be a key: `Authorization: Bearer` as OpenAI's and Ollama's
    /// clients send it, `x-api-key` as Anthropic's do.
    private static func credentials(in headers: HTTPFields) -> [String?] {
        let authorizations = headers[values: .authorization].map { value -> String? in
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return parts[1].trimmingPrefix { $0 == " " }.description
        }
        // Two headers of one kind are refused even when they agree: proxies differ in which they take.
        let apiKeys = headers[values: .xAPIKey].map(Optional.some)
        guard authorizations.count < 2, apiKeys.count < 2 else { return [nil] }
        return authorizations + apiKeys
    }
}

extension HTTPField.Name {
    /// Where Anthropic's clients put a key.
    static let xAPIKey = Self("X-API-Key") ?? .authorization
}
