import HTTPTypes
import Hummingbird
import Roost

extension OllamaDialect {
    var blobRoutes: [ServerRoute] {
        [
            .head("/api/blobs/{digest}", .scope(.pull)) { _, context in
                Response(status: try await manager.store.holds(try digest(context)) ? .ok : .notFound)
            },
            .post("/api/blobs/{digest}", .scope(.pull)) { request, context in
                try await receive(try digest(context), request)
            },
        ]
    }

    /// The content that the path names. There is no other way from the text of a path to a file.
    private func digest(_ context: RoostRequestContext) throws -> Digest {
        // Old clients write the hyphen of the file's name.
        let text = context.parameters.get("digest") ?? ""
        let isFileName = text.hasPrefix("sha256-")
        guard let digest = isFileName ? Digest(hexadecimal: String(text.dropFirst(7))) : Digest(text) else {
            throw APIError.invalidRequest(
                "invalid digest format: it must be sha256: and 64 hexadecimal digits in lower case",
                parameter: "digest")
        }
        return digest
    }

    /// Takes a content in, whatever its size: what is in memory of it is a piece.
    private func receive(_ digest: Digest, _ request: Request) async throws -> Response {
        do {
            if try await manager.store.holds(digest) { return Response(status: .ok) }
            try await manager.discardOldUploads()
            let length = request.headers[.contentLength].flatMap { Int64($0) }
            let upload = try await manager.store.receive(digest, byteCount: length)
            do {
                for try await buffer in request.body { try await upload.write(Array(buffer.readableBytesView)) }
                try await upload.finish()
            } catch {
                await upload.discard()
                throw error
            }
            return Response(status: .created)
        } catch ModelStoreError.contentMismatch(_, let expected, let found) {
            throw APIError.invalidRequest(
                "digest mismatch, expected \"\(expected)\", got \"\(found)\"", parameter: "digest")
        } catch let error as ModelStoreError {
            throw APIError(error)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError.bodyUnreadable("The content did not arrive whole: \(error).")
        }
    }
}
