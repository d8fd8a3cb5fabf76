import NIOHTTP1
import Security

/// The simulated registry's answers, as a function of requests.
struct OllamaModel: Sendable {
    /// By `namespace/model:tag`.
    let manifests: [String: SimulatedContent]
    /// By the content's hexadecimal SHA-256.
    let contents: [String: SimulatedContent]
    /// A fresh address of the storage for a content; `nil` when the registry sends the bytes itself.
    let storage: (@Sendable (String) -> String)?

    func answer(_ request: SimulatedRequest) -> SimulatedResponse {
        let parts = request.components
        if parts == ["v2"] { return SimulatedResponse(200, text: "{}") }
        guard parts.count == 5, parts[0] == "v2" else { return SimulatedResponse(404) }
        if parts[3] == "manifests", let manifest = manifests["\(parts[1])/\(parts[2]):\(parts[4])"] {
            return SimulatedResponse(
                200, headers: [("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")],
                content: manifest)
        }
        if parts[3] == "blobs", let digest = Digest(parts[4]), let content = contents[digest.hexadecimal] {
            guard let storage else { return SignedStorage.answer(request, content, headers: []) }
            return SimulatedResponse(307, headers: [("Location", storage(digest.hexadecimal))])
        }
        let code = parts[3] == "manifests" ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN"
        return SimulatedResponse(404, text: #"{"errors":[{"code":"\#(code)","message":"not known to the registry"}]}"#)
    }

    /// A manifest of layers.
    static func manifest(
        layers: [(kind: String, digest: Digest, byteCount: Int64)], configuration: Digest, byteCount: Int
    ) -> String {
        let items = layers.map { layer in
            """
            {"mediaType":"application/vnd.ollama.image.\(layer.kind)","digest":"\(layer.digest)","size":\(layer.byteCount)}
            """
        }
        return """
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
            "config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"\(configuration)","size":\(byteCount)},
            "layers":[\(items.joined(separator: ","))]}
            """
    }
}
