import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Roost

/// `/metrics`, as Prometheus asks for it.
struct MetricsDialect: Dialect {
    let parts: ServerParts

    func owns(path: String) -> Bool { path == "/metrics" }

    var routes: [ServerRoute] {
        [
            .get("/metrics", .scope(.metrics)) { request, _ in
                let accepted = request.headers[.accept] ?? ""
                return try await answer(accepted.contains("application/openmetrics-text") ? .openMetrics : .prometheus)
            }
        ]
    }

    private func answer(_ format: MetricsText.Format) async throws -> Response {
        let report = MetricsReport(
            snapshot: parts.metrics.snapshot, models: try await parts.manager.loadedModels(),
            // A folder of downloads that cannot be read is told elsewhere; the rest counts on.
            downloads: (try? await parts.manager.downloads()) ?? [], connectionCount: parts.connections.count,
            generationCount: parts.active.count, version: parts.configuration.version, startedAt: parts.startedAt)
        return Response(
            status: .ok, headers: [.contentType: format.contentType],
            body: .init(byteBuffer: ByteBuffer(string: report.text(format))))
    }

    func response(to error: APIError) -> Response {
        Response(
            status: error.status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: error.message + "\n")))
    }
}
