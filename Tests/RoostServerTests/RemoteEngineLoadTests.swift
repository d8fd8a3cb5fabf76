import EngineFixtures
import Foundation
import ModelFixtures
import NIOHTTP1
import RemoteEngines
import Roost
import RoostServer
import Synchronization
import Testing
import Waiting

extension ServerTests {
    @Suite struct RemoteEngineLoadTests {
        /// What became of a streamed request.
        private struct Ending: Sendable {
            var status: Int
            var hasBegun: Bool
            var isWhole: Bool
            var text: String

            init(_ reply: Reply) throws {
                status = reply.status
                text = reply.text
                let chunks =
                    reply.status == 200 ? try reply.events.dropLast().map { try JSONObject(Data($0.utf8)) } : []
                hasBegun = chunks.contains { $0.string("choices.0.delta.content")?.isEmpty == false }
                isWhole = chunks.contains { $0.string("choices.0.finish_reason") != nil }
            }
        }

        /// Numbers the requests of all clients.
        private final class Counter: Sendable {
            private let count = Mutex(0)

            func next() -> Int {
                count.withLock { count in
                    count += 1
                    return count
                }
            }
        }

        private static let ask =
            #"{"model":"chat","messages":[{"role":"user","content":"hi"}],"temperature":0,"max_tokens":60,"stream":true}"#

        /// Sends requests from several clients at once until so many are over; `onCount` is told of each.
        private static func load(
            _ gateway: RemoteEngineGateway, clients: Int, requests: Int,
            onCount: @escaping @Sendable (Int) async throws -> Void = { _ in }
        ) async throws -> [Ending] {
            let begun = Counter()
            return try await withThrowingTaskGroup(of: [Ending].self) { group in
                for _ in 0..<clients {
                    group.addTask {
                        var endings: [Ending] = []
                        while true {
                            let number = begun.next()
                            guard number <= requests else { return endings }
                            try await onCount(number)
                            endings.append(try Ending(await gateway.send(.POST, "/v1/chat/completions", Self.ask)))
                        }
                    }
                }
                var all: [Ending] = []
                for try await endings in group { all += endings }
                return all
            }
        }

        @Test func `when one of two engines goes down under load no request fails before its first token`() async throws
        {
            try await TestServer.run { stays in
                try await TestServer.run { goes in
                    let engines = try [
                        RemoteEngineGateway.engine("stays", stays.running.baseURL),
                        RemoteEngineGateway.engine("goes", goes.running.baseURL),
                    ]
                    try await RemoteEngineGateway.run(engines) { gateway in
                        let endings = try await Self.load(gateway, clients: 8, requests: 160) { number in
                            // Not before both have had their share.
                            let statuses = await gateway.manager.engines()
                            guard number >= 50, statuses.allSatisfy({ $0.answeredCount >= 10 }) else { return }
                            await goes.triggerShutdown()
                        }
                        #expect(endings.count == 160)
                        for ending in endings where !ending.isWhole {
                            #expect(ending.status == 200 && ending.hasBegun, "\(ending.text.suffix(300))")
                            #expect(ending.text.contains("“goes”"))
                        }
                        // Those that had begun there, at most one for each client.
                        #expect(endings.count { !$0.isWhole } <= 8)
                        // An answer is counted a moment after its end has been sent.
                        let areCounted = try await eventually {
                            await gateway.manager.engines().allSatisfy { $0.outstandingCount == 0 }
                        }
                        #expect(areCounted)
                        let statuses = await gateway.manager.engines()
                        #expect(statuses.allSatisfy { $0.answeredCount >= 10 })
                        #expect(statuses[1].state != .up)
                    }
                }
            }
        }

        @Test func `two engines share requests by their weights`() async throws {
            try await TestServer.run { one in
                try await TestServer.run { two in
                    let engines = try [
                        RemoteEngineGateway.engine("one", one.running.baseURL) { $0.weight = 3 },
                        RemoteEngineGateway.engine("two", two.running.baseURL),
                    ]
                    try await RemoteEngineGateway.run(engines) { gateway in
                        let ask =
                            #"{"model":"chat","messages":[{"role":"user","content":"hi"}],"temperature":0,"max_tokens":1}"#
                        for _ in 0..<200 {
                            let reply = try await gateway.send(.POST, "/v1/chat/completions", ask)
                            #expect(reply.status == 200)
                        }
                        let areCounted = try await eventually {
                            let statuses = await gateway.manager.engines()
                            return statuses.allSatisfy { $0.outstandingCount == 0 }
                                && statuses.reduce(0) { $0 + $1.answeredCount } == 200
                        }
                        let counts = await gateway.manager.engines().map(\.answeredCount)
                        #expect(areCounted, "\(counts)")
                        // Five standard deviations of 200 draws around 150.
                        #expect((120...180).contains(counts[0]), "\(counts)")
                    }
                }
            }
        }

        @Test func `when all engines are gone the answer says which and why`() async throws {
            // The port of an engine that has ended may be another test's by now.
            let engine = try RemoteEngineGateway.engine("gone", "http://127.0.0.1:1") {
                $0.models = ModelMapping([try .init(parsing: "chat")])
            }
            try await RemoteEngineGateway.run([engine]) { gateway in
                for path in ["/v1/chat/completions", "/api/chat"] {
                    let reply = try await gateway.send(.POST, path, Self.ask)
                    #expect(reply.status == 503)
                    #expect(reply.text.contains("gone: connection refused"))
                }
                #expect(try await gateway.send(.GET, "/api/tags").json.count("models") == 1)
            }
        }

        @Test func `a model that everybody waits for is released when clients go away`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { backend in
                let engine = try RemoteEngineGateway.engine("up", backend.running.baseURL)
                try await RemoteEngineGateway.run([engine]) { gateway in
                    let ask =
                        #"{"model":"endless","messages":[{"role":"user","content":"hi"}],"stream":true,"ignore_eos":true}"#
                    let tasks = (0..<3).map { _ in
                        Task { try await gateway.send(.POST, "/v1/chat/completions", ask) }
                    }
                    let haveBegun = try await eventually { try await backend.activeRequestCount() == 3 }
                    #expect(haveBegun)
                    for task in tasks { task.cancel() }
                    let areGone = try await eventually { try await backend.activeRequestCount() == 0 }
                    #expect(areGone)
                    let areCounted = try await eventually {
                        await gateway.manager.engines().first?.outstandingCount == 0
                    }
                    #expect(areCounted)
                }
            }
        }
    }
}
