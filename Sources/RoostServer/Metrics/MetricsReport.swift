import Foundation
import Roost

/// Everything that `/metrics` tells, gathered at the moment that it is asked.
struct MetricsReport: Sendable {
    let snapshot: ServerMetrics.Snapshot
    let models: [LoadedModelStatus]
    let downloads: [LedgerItem]
    let connectionCount: Int
    let generationCount: Int
    let version: String
    let startedAt: Date

    /// As Prometheus reads it.
    func text(_ format: MetricsText.Format) -> String {
        var text = MetricsText(format)
        text.add(
            .gauge, "roost_build_info", "The version that runs, in a label; the value is always 1.",
            [.init(1, [("version", version), ("engine", "llama.cpp")])])
        text.add(
            .gauge, "roost_start_time_seconds", "When the server started, in seconds since 1970.",
            [.init(startedAt.timeIntervalSince1970)])
        text.add(
            .gauge, "roost_process_resident_memory_bytes", "Bytes of RAM that the server's process holds.",
            [.init(Double(ProcessMemory.current().residentByteCount))])
        addRequests(to: &text)
        addGenerations(to: &text)
        addLoadedModels(to: &text)
        addDownloads(to: &text)
        return text.whole
    }

    private func addRequests(to text: inout MetricsText) {
        text.add(.gauge, "roost_connections", "Connections that are open.", [.init(connectionCount)])
        text.add(
            .gauge, "roost_http_requests_active", "Requests that are being answered.",
            [.init(snapshot.activeRequestCount)])
        text.add(
            .counter, "roost_http_requests_total", "Requests that were answered.",
            snapshot.requests.sorted {
                ($0.key.route, $0.key.method, $0.key.statusClass) < ($1.key.route, $1.key.method, $1.key.statusClass)
            }
            .map { .init($1, [("method", $0.method), ("route", $0.route), ("status", $0.statusClass)]) })
        text.add(
            .counter, "roost_http_requests_broken_total", "Requests whose connection broke before they were answered.",
            [.init(snapshot.brokenRequestCount)])
        text.add(
            .counter, "roost_http_requests_repeated_total", "Requests that were answered as their like before.",
            [.init(snapshot.repeatedRequestCount)])
        text.add(
            .counter, "roost_http_requests_refused_total", "What came and was no request that can be read.",
            snapshot.refusals.sorted { $0.key < $1.key }.map { .init($1, [("status", "\($0)")]) })
        text.add(
            "roost_http_request_duration_seconds", "From a request's head to the end of its answer.",
            snapshot.durations.sorted { $0.key < $1.key }.map { ([("route", $0)], $1) })
    }

    private func addGenerations(to text: inout MetricsText) {
        let models = snapshot.models.sorted { $0.key < $1.key }
        func counter(_ name: String, _ help: String, _ count: (ServerMetrics.ModelCounts) -> Int) {
            text.add(.counter, name, help, models.map { .init(count($1), [("model", $0)]) })
        }
        text.add(
            .gauge, "roost_generations_active", "Generations that run or wait.", [.init(generationCount)])
        counter("roost_generations_total", "Generations that ended.", \.generations)
        counter("roost_generations_failed_total", "Generations that ended before their end.", \.failures)
        counter("roost_prompt_tokens_total", "Tokens of prompts, cached ones included.", \.promptTokens)
        counter(
            "roost_prompt_cached_tokens_total", "Tokens of prompts that were in the prefix cache.",
            \.cachedPromptTokens)
        counter("roost_completion_tokens_total", "Tokens that were generated.", \.completionTokens)
        text.add(
            "roost_time_to_first_token_seconds", "From a request to its first token.",
            models.map { ([("model", $0)], $1.timeToFirstToken) })
        text.add(
            "roost_time_between_tokens_seconds", "From one piece of an answer to the next, which is a token as a rule.",
            models.map { ([("model", $0)], $1.timeBetweenTokens) })
    }

    private func addLoadedModels(to text: inout MetricsText) {
        func gauge(_ name: String, _ help: String, _ value: (LoadedModelStatus) -> Int64?) {
            text.add(
                .gauge, name, help,
                models.compactMap { model in
                    value(model).map { .init(Double($0), [("model", model.record.name.description)]) }
                })
        }
        gauge("roost_model_memory_bytes", "Bytes that a model in memory takes, by the engine.") {
            $0.memory.totalByteCount
        }
        gauge("roost_model_resident_memory_bytes", "Bytes of RAM that a model's own process holds.") {
            $0.activity.residentByteCount
        }
        gauge("roost_model_requests_active", "Requests that a model computes.") { Int64($0.activeRequestCount) }
        gauge("roost_model_requests_queued", "Requests that wait for a model.") { Int64($0.queuedRequestCount) }
        gauge("roost_model_cache_cells", "Cells of a model's KV cache.") { Int64($0.activity.cellCount) }
        gauge("roost_model_cache_cells_used", "Cells of a model's KV cache that are in use.") {
            Int64($0.activity.usedCellCount)
        }
    }

    private func addDownloads(to text: inout MetricsText) {
        let running = downloads.filter(\.isRunning)
        text.add(.gauge, "roost_downloads_active", "Downloads that run.", [.init(running.count)])
        text.add(
            .gauge, "roost_downloads_unfinished", "Downloads that run, wait or were interrupted.",
            [.init(downloads.count)])
        text.add(
            .gauge, "roost_download_bytes_per_second", "Speed of all downloads that run.",
            [.init(running.reduce(0) { $0 + $1.ticket.bytesPerSecond })])
        text.add(
            .gauge, "roost_download_completed_bytes", "Bytes that unfinished downloads have.",
            [.init(Double(downloads.reduce(0) { $0 + $1.ticket.completedByteCount }))])
    }
}
