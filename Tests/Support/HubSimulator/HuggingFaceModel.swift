import NIOHTTP1
import Security

/// The simulated hub's answers, as a function of requests.
struct HuggingFaceModel: Sendable {
    let repositories: [SimulatedRepository]
    /// A fresh address of the storage for a content; `nil` when the hub sends the bytes itself.
    let storage: (@Sendable (String) -> String)?
    let pageSize: Int

    func answer(_ request: SimulatedRequest) -> SimulatedResponse {
        let parts = request.components
        if parts == ["api", "models"] { return search(request) }
        if parts == ["api", "whoami-v2"] { return whoAmI(request) }
        if parts.count >= 4, parts.starts(with: ["api", "models"]) {
            return withRepository("\(parts[2])/\(parts[3])", request) { repository in
                switch parts.dropFirst(4).first {
                case nil: info(repository, "main", request)
                case "revision" where parts.count == 6: info(repository, parts[5], request)
                case "tree" where parts.count >= 6:
                    tree(repository, parts[5], below: parts[6...].joined(separator: "/"), request)
                case "refs": references(repository)
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

    private func facts(_ repository: SimulatedRepository, withFiles: Bool) -> String {
        let gate = repository.gate?.json ?? "false"
        let siblings = repository.files.map { file in
            let large =
                ",\"lfs\":{\"sha256\":\"\(file.digest.hexadecimal)\",\"size\":\(file.byteCount),\"pointerSize\":135}"
            let more = ",\"size\":\(file.byteCount),\"blobId\":\"\(file.objectID)\"\(file.isLarge ? large : "")"
            return "{\"rfilename\":\(file.path.json)\(withFiles ? more : "")}"
        }
        let tags = ["gguf"] + (repository.license.map { ["license:" + $0] } ?? [])
        let card = repository.card.map { "\($0.key.json):\($0.value.json)" }.joined(separator: ",")
        let gguf = repository.gguf.map {
            ",\"gguf\":{\"total\":\($0.total),\"architecture\":\($0.architecture.json),\"context_length\":\($0.contextLength)}"
        }
        let pipeline = repository.card.first { $0.key == "pipeline_tag" }.map { ",\"pipeline_tag\":\($0.value.json)" }
        return """
            {"id":\(repository.id.json),"modelId":\(repository.id.json),"sha":"\(repository.commit)",
            "private":\(repository.isPrivate),"gated":\(gate),"downloads":\(repository.downloads),"likes":1,
            "createdAt":"2026-01-01T00:00:00.000Z","lastModified":"2026-01-02T03:04:05.000Z",
            "tags":[\(tags.map(\.json).joined(separator: ","))],"cardData":\(card.isEmpty ? "null" : "{\(card)}")\(pipeline ?? "")\(gguf ?? ""),
            "siblings":[\(siblings.joined(separator: ","))]}
            """
    }

    private func info(
        _ repository: SimulatedRepository, _ revision: String, _ request: SimulatedRequest
    ) -> SimulatedResponse {
        guard repository.hasRevision(revision) else {
            return failure(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        let withFiles = ["true", "1"].contains(request.query("blobs")?.lowercased())
        return SimulatedResponse(200, text: facts(repository, withFiles: withFiles))
    }

    private func references(_ repository: SimulatedRepository) -> SimulatedResponse {
        let branches = (["main"] + repository.branches.filter { !$0.hasPrefix("refs/") }).map { name in
            "{\"name\":\(name.json),\"ref\":\("refs/heads/\(name)".json),\"targetCommit\":\"\(repository.commit)\"}"
        }
        return SimulatedResponse(
            200, text: "{\"branches\":[\(branches.joined(separator: ","))],\"converts\":[],\"tags\":[]}")
    }

    private func whoAmI(_ request: SimulatedRequest) -> SimulatedResponse {
        guard let token = request.token, repositories.contains(where: { $0.readers.contains(token) }) else {
            return SimulatedResponse(
                401, headers: [("X-Error-Message", "Invalid username or password.")],
                text: "{\"error\":\"Invalid username or password.\"}")
        }
        return SimulatedResponse(
            200, text: #"{"type":"user","name":"tester","fullname":"Tester","orgs":[],"auth":{"type":"access_token"}}"#)
    }

    private func search(_ request: SimulatedRequest) -> SimulatedResponse {
        let words = (request.query("search") ?? "").lowercased()
        let found = repositories.filter { repository in
            (!repository.isPrivate || repository.admits(request.token))
                && (words.isEmpty || repository.id.lowercased().contains(words))
                && (request.query("author").map { repository.id.hasPrefix($0 + "/") } ?? true)
                && (request.query("filter") != "gguf" || repository.files.contains { $0.path.hasSuffix(".gguf") })
        }.sorted { $0.downloads > $1.downloads }
        return page(found.map { facts($0, withFiles: false) }, of: Int(request.query("limit") ?? "") ?? 1000, request)
    }

    private func tree(
        _ repository: SimulatedRepository, _ revision: String, below folder: String, _ request: SimulatedRequest
    ) -> SimulatedResponse {
        guard repository.hasRevision(revision) else {
            return failure(404, "RevisionNotFound", "Invalid rev id: \(revision)")
        }
        let isRecursive = ["true", "1"].contains(request.query("recursive")?.lowercased())
        let prefix = folder.isEmpty ? "" : folder + "/"
        func isListed(_ path: String) -> Bool {
            path.hasPrefix(prefix) && (isRecursive || !path.dropFirst(prefix.count).contains("/"))
        }
        guard folder.isEmpty || repository.files.contains(where: { $0.path.hasPrefix(prefix) }) else {
            return failure(404, "EntryNotFound", "\(folder) does not exist on \"\(revision)\"")
        }
        let entries = repository.files.filter { isListed($0.path) }.map { file in
            let pointer = """
                ,"lfs":{"oid":"\(file.digest.hexadecimal)","size":\(file.byteCount),"pointerSize":135}
                """
            return """
                {"type":"file","oid":"\(file.objectID)","size":\(file.byteCount),"path":\(file.path.json)\(file.isLarge ? pointer : "")}
                """
        }
        let folders = Set(repository.files.flatMap { Self.folders(above: $0.path) }).sorted().filter(isListed)
        let directories = folders.map { path in
            let id = Digest.of([UInt8](path.utf8)).hexadecimal.prefix(40)
            return "{\"type\":\"directory\",\"oid\":\"\(id)\",\"size\":0,\"path\":\(path.json)}"
        }
        return page(directories + entries, of: pageSize, request)
    }

    private static func folders(above path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast()
        return parts.indices.map { parts[...$0].joined(separator: "/") }
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
            return SignedStorage.answer(
                request, file.content, headers: [commit, ("ETag", "\"\(file.objectID)\"")], type: "text/plain")
        }
        let digest = file.digest.hexadecimal
        let linked = [
            commit, ("X-Linked-Etag", "\"\(digest)\""), ("X-Linked-Size", String(file.byteCount)),
            ("ETag", "\"\(digest)\""),
        ]
        guard let storage else { return SignedStorage.answer(request, file.content, headers: linked) }
        return SimulatedResponse(
            302, headers: linked + [("Location", storage(digest))], text: "Found. Redirecting", type: "text/plain")
    }
}
