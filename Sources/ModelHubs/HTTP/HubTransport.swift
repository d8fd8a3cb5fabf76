import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Security

/// Sends requests for metadata: redirects followed by hand, tokens kept to their origin, answers bounded.
///
/// HTTP clients come from outside and must not follow redirects by themselves:
/// ``AsyncHTTPClient/HTTPClient/Configuration/forHubs`` is made so.
public struct HubTransport: Sendable {
    /// The client that connects to an address: one may go through a proxy and another not.
    public let clients: @Sendable (URL) throws -> HTTPClient
    /// When to ask again.
    public var retry: RetryPolicy
    /// Sent as `User-Agent`.
    public var userAgent: String
    /// What turned the network off, for messages: nothing is sent then. `nil` when it is on.
    public var offlineSetting: String?
    /// Which networks may be reached.
    public var addresses: AddressPolicy
    /// The time, for servers that say when to come back by the clock.
    public var now: @Sendable () -> Date

    /// The most redirects in a row.
    public static let maximumRedirects = 10
    /// The longest answer that is read, in bytes.
    public static let maximumBodyByteCount = 32 << 20

    /// A transport over the clients that `clients` names, which the caller shuts down.
    public init(
        clients: @escaping @Sendable (URL) throws -> HTTPClient, retry: RetryPolicy = RetryPolicy(),
        userAgent: String = "roost", addresses: AddressPolicy = AddressPolicy(), offlineSetting: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.clients = clients
        self.retry = retry
        self.userAgent = userAgent
        self.addresses = addresses
        self.offlineSetting = offlineSetting
        self.now = now
    }

    /// A transport over one client, which the caller shuts down.
    public init(
        client: HTTPClient, retry: RetryPolicy = RetryPolicy(), userAgent: String = "roost",
        addresses: AddressPolicy = AddressPolicy(), offlineSetting: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.init(
            clients: { _ in client }, retry: retry, userAgent: userAgent, addresses: addresses,
            offlineSetting: offlineSetting, now: now)
    }

    /// Gets a document, over redirects.
    ///
    /// - Parameter limit: The most bytes that are read; a longer document is an error.
    func get(
        _ url: URL, accept: String, upTo limit: Int = maximumBodyByteCount, credential: OriginCredential?
    ) async throws -> HubResponse {
        try await follow(url, method: .GET, reading: accept, upTo: limit, credential: credential) { _, _ in true }
    }

    /// Asks where a file's bytes are, without reading them: redirects are followed only within the origin, and the
    /// answer that leads out of it is returned.
    ///
    /// Facts such as the digest stand on the hub's own answer, not on that of the storage behind it. A server that
    /// refuses HEAD is asked with GET.
    /// - Parameter visit: Sees every answer on the way.
    func locate(
        _ url: URL, credential: OriginCredential?, visit: (HubResponse) -> Void = { _ in }
    ) async throws -> HubResponse {
        let origin = Origin(url)
        for method in [HTTPMethod.HEAD, .GET] {
            var answers: [HubResponse] = []
            let last = try await follow(url, method: method, credential: credential) { response, next in
                answers.append(response)
                return Origin(next) == origin
            }
            if method == .HEAD, [405, 501].contains(last.status) { continue }
            answers.forEach(visit)
            if !last.isRedirect { visit(last) }
            return last
        }
        throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "it answers neither HEAD nor GET")
    }

    /// Sends requests until an answer is no redirect, or `shouldFollow` says to stop at it; see
    /// ``walk(_:from:shouldFollow:asking:)``.
    ///
    /// - Parameter accept: The media type of the body to read; `nil` when only the headers are wanted. The body of a
    ///   model file is let go unread.
    func follow(
        _ start: URL, method: HTTPMethod, reading accept: String? = nil, upTo limit: Int = maximumBodyByteCount,
        credential: OriginCredential?, shouldFollow: (HubResponse, URL) -> Bool
    ) async throws -> HubResponse {
        try await walk(start, shouldFollow: shouldFollow) { place in
            let response = try await send(method, place.url, reading: accept, upTo: limit, credential: credential)
            return (response, response)
        }
    }

    /// Asks one address after the other until an answer is no redirect, or `shouldFollow` says to stop at it.
    ///
    /// Every address on the way is judged after its name was looked up, that of the last redirect too when it is not
    /// followed: whoever connects there later relies on it. Between the lookup and the connection a name can change
    /// its address; what is outside this machine is reached by TLS alone, so that a certificate for the name would be
    /// needed as well.
    ///
    /// - Parameters:
    ///   - start: Judged as every address that requests start at, unless `known` is given.
    ///   - known: Where an answer to `start` was found before; it is asked instead.
    ///   - ask: Gets an answer from an address that was judged, and its headers.
    func walk<Answer>(
        _ start: URL, from known: OpenedPlace? = nil, shouldFollow: (HubResponse, URL) -> Bool,
        asking ask: (OpenedPlace) async throws -> (response: HubResponse, answer: Answer)
    ) async throws -> Answer {
        var place: OpenedPlace
        if let known { place = known } else { place = OpenedPlace(url: start, reach: try await admit(start)) }
        for _ in 0...Self.maximumRedirects {
            let (response, answer) = try await ask(place)
            guard response.isRedirect else { return answer }
            guard let target = response.target else {
                throw ModelHubError.unexpectedAnswer(location: place.url.shown, reason: "it redirects to no address")
            }
            let reach = try await check(redirectFrom: place.url, place.reach, to: target)
            guard shouldFollow(response, target) else { return answer }
            place = OpenedPlace(url: target, reach: reach)
        }
        throw ModelHubError.tooManyRedirects(location: start.shown, limit: Self.maximumRedirects)
    }

    /// Refuses an address that requests may not start at; else how far in it is.
    func admit(_ start: URL) async throws -> NetworkReach {
        guard let origin = Origin(start), origin.isSecureOrLoopback else {
            throw ModelHubError.insecureAddress(start.shown)
        }
        if let offlineSetting { throw ModelHubError.offline(host: origin.place, setting: offlineSetting) }
        let reach = try await reach(of: origin)
        guard addresses.admits(origin, reach) else {
            throw ModelHubError.refusedAddress(start.shown, reason: reach.refusal)
        }
        return reach
    }

    /// Refuses a redirect that lowers the protection or leads further in; else how far in it leads.
    func check(redirectFrom source: URL, _ reach: NetworkReach, to target: URL) async throws -> NetworkReach {
        func refusal(_ reason: String) -> ModelHubError {
            .refusedRedirect(from: source.shown, to: target.shown, reason: reason)
        }
        guard let from = Origin(source), let to = Origin(target) else { throw refusal("it is no https address") }
        if from.scheme == "https", to.scheme != "https" { throw refusal("it is not encrypted") }
        guard to.isSecureOrLoopback else { throw refusal("it is not encrypted") }
        guard reach.mayLead(to: to.reach) else { throw refusal(to.reach.refusal) }
        let found = from == to ? reach : try await self.reach(of: to)
        guard reach.mayLead(to: found) else { throw refusal(found.refusal) }
        return found
    }

    /// How far in an origin's host is, its name looked up.
    private func reach(of origin: Origin) async throws -> NetworkReach {
        for attempt in 1... {
            do {
                return try await addresses.reach(of: origin)
            } catch let error as HostResolver.Failure {
                guard attempt < retry.maximumAttempts else {
                    throw ModelHubError.unreachable(host: origin.place, reason: error.reason)
                }
                try await retry.sleep(retry.backoff(afterAttempt: attempt))
            }
        }
        return .special
    }

    // MARK: One request

    private func send(
        _ method: HTTPMethod, _ url: URL, reading accept: String?, upTo limit: Int, credential: OriginCredential?
    ) async throws -> HubResponse {
        try await trying(url) {
            let response = try await sendOnce(method, url, reading: accept, upTo: limit, credential: credential)
            return (response.status, response.headers, response)
        }
    }

    /// Asks until there is an answer that asking again would not change.
    func trying<Answer>(
        _ url: URL, _ once: () async throws -> (status: Int, headers: HTTPHeaders, answer: Answer)
    ) async throws -> Answer {
        let host = Origin(url)?.place ?? url.shown
        for attempt in 1... {
            let isLast = attempt >= retry.maximumAttempts
            do {
                let (status, headers, answer) = try await once()
                guard [408, 429, 500, 502, 503, 504].contains(status) else { return answer }
                let asked = RateLimit(headers, now: now())
                let wait = asked.map { Duration.seconds($0.seconds) } ?? retry.backoff(afterAttempt: attempt)
                if isLast || wait > retry.maximumWait {
                    throw status == 429 || (status == 503 && asked != nil)
                        ? ModelHubError.rateLimited(host: host, seconds: asked?.seconds)
                        : ModelHubError.unavailable(host: host, status: status)
                }
                try await retry.sleep(wait)
            } catch let error as ModelHubError {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                try Task.checkCancellation()
                if isLast { throw ModelHubError.unreachable(host: host, reason: ConnectionFailure.words(for: error)) }
                try await retry.sleep(retry.backoff(afterAttempt: attempt))
            }
        }
        throw ModelHubError.unreachable(host: host, reason: "no attempt was made")
    }

    private func sendOnce(
        _ method: HTTPMethod, _ url: URL, reading accept: String?, upTo limit: Int, credential: OriginCredential?
    ) async throws -> HubResponse {
        let request = request(method, url, accept: accept ?? "*/*", credential: credential)
        let response = try await clients(url).execute(request, timeout: .seconds(60))
        let status = Int(response.status.code)
        var body = Data()
        if accept != nil, method != .HEAD, !(300..<400).contains(status) {
            do {
                let buffer = try await response.body.collect(upTo: limit)
                body = Data(buffer.readableBytesView)
            } catch is NIOTooManyBytesError {
                throw ModelHubError.unexpectedAnswer(
                    location: url.shown, reason: "it is longer than \(limit >> 10) KiB")
            }
        }
        return HubResponse(url: url, status: status, headers: response.headers, body: body)
    }

    /// A request with what all of them have; the token goes to its own origin only.
    func request(
        _ method: HTTPMethod, _ url: URL, accept: String, credential: OriginCredential?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        request.headers.add(name: "accept", value: accept)
        // With gzip allowed, storage behind a hub ignores ranges and hides the length.
        request.headers.add(name: "accept-encoding", value: "identity")
        request.headers.add(name: "user-agent", value: userAgent)
        if let authorization = credential?.authorization(for: url) {
            request.headers.add(name: "authorization", value: authorization)
        }
        return request
    }
}

extension HTTPClient.Configuration {
    /// A configuration for hubs: no redirects by itself, HTTP/1.1, 10 seconds to connect, 30 seconds of silence.
    public static var forHubs: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(30)))
        configuration.httpVersion = .http1Only
        // A closed port would be tried until the connect timeout otherwise; RetryPolicy tries again.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
