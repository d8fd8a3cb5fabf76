import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct OpenAPITests {
        /// The endpoints of a server over the models of a manager.
        private static func endpoints(_ server: TestServer) -> [NativeRoute] {
            let configuration = RoostServerConfiguration()
            return NativeDialect(
                parts: ServerParts(
                    manager: server.manager, configuration: configuration, active: ActiveGenerations())
            ).endpoints
        }

        @Test func `the document tells of every endpoint and of no other`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.GET, "/openapi.json")
                #expect(reply.status == 200)
                #expect(reply.headers["Content-Type"] == ["application/json"])
                let document = try reply.json
                #expect(document.string("openapi") == "3.1.0")
                let paths = try #require(document["paths"] as? [String: [String: Any]])
                let described = Set(
                    paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
                let served = Set(
                    Self.endpoints(server).map { "\($0.route.method) \($0.route.path)" })
                #expect(described == served)
                let ids = paths.values.flatMap(\.values).compactMap {
                    ($0 as? [String: Any])?["operationId"] as? String
                }
                #expect(Set(ids).count == served.count)
            }
        }

        @Test func `parameters in paths are described, and references lead somewhere`() async throws {
            try await TestServer.run { server in
                for route in Self.endpoints(server) {
                    let inPath = route.route.path.split(separator: "/").filter { $0.hasPrefix("{") }
                        .map { String($0.dropFirst().dropLast()) }
                    #expect(Set(inPath) == Set(route.operation.path.map(\.name)), "\(route.route.path)")
                }
                let text = try await server.send(.GET, "/openapi.json").text
                let document = try JSONObject(Data(text.utf8))
                let components = try #require(document["components.schemas"] as? [String: Any])
                let references = text.matches(of: /"#\/components\/schemas\/(\w+)"/).map { String($0.1) }
                #expect(!references.isEmpty)
                #expect(Set(references).subtracting(components.keys).isEmpty)
            }
        }

        @Test func `every answer without parameters has the fields that are described, and no others`() async throws {
            try await TestServer.run { server in
                try await server.manager.load("base")
                var checked = 0
                for route in Self.endpoints(server)
                where "\(route.route.method)" == "GET" && route.operation.path.isEmpty {
                    guard let content = route.operation.answer.contents.first, content.type == NativeJSON.mediaType
                    else {
                        continue
                    }
                    let query = route.operation.query.contains { $0.isRequired } ? "?q=llama&catalog_only=true" : ""
                    let reply = try await server.send(.GET, route.route.path + query)
                    #expect(reply.status == 200, "\(route.route.path): \(reply.text)")
                    let value = try JSONDecoder().decode(JSONValue.self, from: reply.body)
                    do {
                        try content.schema.check(value, at: route.operation.id)
                    } catch let fault as SchemaFault {
                        Issue.record("\(route.route.path): \(fault.message)")
                    }
                    checked += 1
                }
                #expect(checked > 10)
            }
        }

        @Test func `a schema refuses what it does not describe, in words that name the place`() throws {
            let schema = Schema.object([
                .required("name", .text(1...3, "")), .wish("count", .integer(1...5)),
                .wish("list", .list(.choice(["a", "b"]), count: 0...2)),
                .wish("either", .either([.boolean(), .object([.required("deep", .boolean())])])),
            ])
            func fault(_ text: String) throws -> SchemaFault? {
                do {
                    try schema.check(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
                    return nil
                } catch let fault as SchemaFault {
                    return fault
                }
            }
            #expect(try fault(#"{"name":"abc","count":5,"list":["a"],"either":true}"#) == nil)
            #expect(try fault(#"{"name":"abc","count":null,"list":null,"either":{"deep":false}}"#) == nil)
            #expect(try fault(#"{"name":"abc","count":2.0}"#) == nil)
            for (text, field) in [
                ("{}", "name"), ("[]", ""), (#"{"name":null}"#, "name"), (#"{"name":""}"#, "name"),
                (#"{"name":"abcd"}"#, "name"), (#"{"name":"a","count":6}"#, "count"),
                (#"{"name":"a","count":1.5}"#, "count"), (#"{"name":"a","count":true}"#, "count"),
                (#"{"name":"a","count":99999999999999999999}"#, "count"), (#"{"name":"a","list":["c"]}"#, "list[0]"),
                (#"{"name":"a","list":["a","b","a"]}"#, "list"), (#"{"name":"a","x":1}"#, "x"),
                (#"{"name":"a","either":{"deep":1}}"#, "either.deep"), (#"{"name":"a","either":3}"#, "either"),
            ] {
                let found = try #require(try fault(text), "\(text)")
                #expect(found.field == field, "\(text)")
                #expect(found.message.hasSuffix("."), "\(found.message)")
            }
        }
    }
}
