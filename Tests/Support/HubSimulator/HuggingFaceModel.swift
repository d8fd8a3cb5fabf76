import NIOHTTP1
import Security

/// The simulated hub's answers, as a function of requests.
struct HuggingFaceModel: Sendable {
    let repositories: [SimulatedRepository]
    let storage: String
    let pageSize: Int

    func answer(_ request: SimulatedRequest) -> SimulatedResponse {
        let parts = request.components
        if parts == ["api", "models"] { return search(request) }
        if parts.count >= 4, parts.starts(with: ["api", "models"]) {
            return withRepository("\(parts[2])/\(parts[3])", request) { repository in
                switch parts.dropFirst(4).first {
                case nil: info(repository, "main")
                case "revision" where parts.count == 6: info(repository, parts[5])
                case "tree" where parts.count >= 6: tree(repository, parts[5], request)
                default: SimulatedResponse(404)
                }
            }
        }
        if parts.count >= 5, parts[2] == "resolve" {
            return withRepository("\(parts[0])/\(parts[1])", request) { repository in
                resolve(repository, parts[3], parts[4...].joined(separator: "/"), request)
            }
        }
        return SimulatedResponse(404, text: "{\"error\":\"no such page\"}")
    }

    private func withRepository(
        _ id: String, _ request: SimulatedRequest, _ body: (SimulatedRepository) -> SimulatedResponse
    ) -> SimulatedResponse {
        if let renamed = repositories.first(where: { $0.formerIDs.contains(id) }) {
            let target = request.uri.replacing(id, with: renamed.id, maxReplacements: 1)
            return SimulatedResponse(307, headers: [("Location", target)])
        }
        guard let repository = repositories.first(where: { $0.id == id }),
            !repository.isPrivate || repository.admits(request.token)
        else {
            // The hub does not tell a stranger whether a repository is private or not there.
            return failure(request.token == nil ? 401 : 404, "RepoNotFound", "Repository not found")
        }
        return body(repository)
    }

    private func failure(_ status: Int, _ code: String, _ message: String) -> SimulatedResponse {
        SimulatedResponse(
            status, headers: [("X-Error-Code", code), ("X-Error-Message", message)], text: "{\"error\":\"\(message)\"}")
    }

    // MARK: Facts

    private func facts(_ repository: SimulatedRepository) -> String {
        let gate = repository.gate.map { "\"\($0)\"" } ?? "false"
        let siblings = repository.files.map { "{\"rfilename\":\"\($0.path)\"}" }.joined(separator: ",")
        let license = repository.license.map { "\"license:\($0)\"" } ?? ""
        let card = repository.license.map { "{\"license\":\"\($0)\"}" } ?? "null"
        return """
            {"id":"\(repository.id)","modelId":"\(repository.id)","sha":"\(repository.commit)","private":\(repository.isPrivate),
            "gated":\(gate),"downloads":\(repository.downloads),"likes":1,"lastModified":"2026-01-02T03:04:05.000Z",
            "tags":["gguf"\(license.isEmpty ? "" : ",")\(license)],"cardData":\(card),
            "gguf":{"total":1100048384,"architecture":"llama","context_length":2048},"siblings":[\(siblings)]}
            """
    }

    private func info(_ repository: SimulatedRepository, _ revision: String) -> SimulatedResponse {
        guard repository.hasRevision(revision) else {
            return failure(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        return SimulatedResponse(200, text: facts(repository))
    }

    private func search(_ request: SimulatedRequest) -> SimulatedResponse {
        let words = (request.query("search") ?? "").lowercased()
        let found = repositories.filter { repository in
            (!repository.isPrivate || repository.admits(request.token))
                && (words.isEmpty || repository.id.lowercased().contains(words))
                && (request.query("author").map { repository.id.hasPrefix($0 + "/") } ?? true)
                && (request.query("filter") != "gguf" || repository.files.contains { $0.path.hasSuffix(".gguf") })
        }.sorted { $0.downloads > $1.downloads }
        return page(found.map(facts), of: Int(request.query("limit") ?? "") ?? 1000, request)
    }

    private func tree(
        _ repository: SimulatedRepository, _ revision: String, _ request: SimulatedRequest
    ) -> SimulatedResponse {
        guard repository.hasRevision(revision) else {
            return failure(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        let entries = repository.files.map { file in
            let pointer = """
                ,"lfs":{"oid":"\(file.digest.hexadecimal)","size":\(file.byteCount),"pointerSize":135}
                """
            return """
                {"type":"file","oid":"\(file.objectID)","size":\(file.byteCount),"path":"\(file.path)"\(file.isLarge ? pointer : "")}
                """
        }
        let folders = Set(repository.files.compactMap { $0.path.split(separator: "/").dropLast().first }).sorted()
        let directories = folders.map { "{\"type\":\"directory\",\"oid\":\"0\",\"size\":0,\"path\":\"\($0)\"}" }
        return page(directories + entries, of: pageSize, request)
    }

    /// A page of a list; the next page's address stands in `Link`.
    private func page(_ items: [String], of size: Int, _ request: SimulatedRequest) -> SimulatedResponse {
        let start = min(Int(request.query("cursor") ?? "") ?? 0, items.count)
        let end = min(start + size, items.count)
        var headers: [(String, String)] = []
        if end < items.count {
            let plain = request.uri.split(separator: "&").filter { !$0.hasPrefix("cursor=") }.joined(separator: "&")
            let target = plain + (plain.contains("?") ? "&" : "?") + "cursor=\(end)"
            headers.append(("Link", "<\(target)>; rel=\"next\""))
        }
        return SimulatedResponse(
            200, headers: headers, text: "[" + items[start..<end].joined(separator: ",") + "]")
    }

    // MARK: Files

    private func resolve(
        _ repository: SimulatedRepository, _ revision: String, _ path: String, _ request: SimulatedRequest
    ) -> SimulatedResponse {
        if repository.gate != nil, !repository.admits(request.token) {
            return failure(
                request.token == nil ? 401 : 403, "GatedRepo", "Access to model \(repository.id) is restricted")
        }
        guard repository.hasRevision(revision) else {
            return failure(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        guard let file = repository.files.first(where: { $0.path == path }) else {
            return failure(404, "EntryNotFound", "Entry not found")
        }
        let commit = ("X-Repo-Commit", repository.commit)
        guard file.isLarge else {
            return SimulatedResponse(
                200, headers: [commit, ("ETag", "\"\(file.objectID)\""), ("Accept-Ranges", "bytes")], body: file.bytes)
        }
        let digest = file.digest.hexadecimal
        return SimulatedResponse(
            302,
            headers: [
                commit, ("X-Linked-Etag", "\"\(digest)\""), ("X-Linked-Size", String(file.byteCount)),
                ("ETag", "\"\(digest)\""), ("Location", "\(storage)/\(digest)?signature=\(SignedStorage.signature)"),
            ], text: "Found. Redirecting", type: "text/plain")
    }
}
