import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOHTTP1
import Roost
import Security
import Testing

@testable import RoostServer

/// Every endpoint that there is, asked by everybody. A `ServerRoute` cannot be made without its policy, and there is no
/// other way to add an endpoint: what is not in this matrix does not exist.
extension ServerTests {
    @Suite struct PolicyMatrixTests {
        private struct Role {
            let name: String
            let headers: [String: String]
            /// `nil` when it is not known who calls.
            let scopes: Set<AccessScope>?
        }

        @Test func `each endpoint answers those who may call it and nobody else`() async throws {
            try await TestServer.run { server in
                let roles = try roles(on: server)
                let routes = server.routes()
                #expect(routes.count > 15)
                for route in routes {
                    for role in roles {
                        let response = try await server.open(
                            route.clientMethod, route.path(with: "none"),
                            [.get, .head].contains(route.method) ? nil : "{}", headers: role.headers)
                        let status = Int(response.status.code)
                        let label: Comment = "\(route.method) \(route.path) by \(role.name): \(status)"
                        switch (route.access, role.scopes) {
                        case (.everyone, _): #expect(status != 401 && status != 403, label)
                        case (.scope, nil):
                            #expect(status == 401, label)
                            #expect(response.headers["WWW-Authenticate"].first?.hasPrefix("Bearer") == true, label)
                        case (.scope(let scope), let scopes?):
                            #expect((status == 403) == !scopes.contains(scope), label)
                            #expect(status != 401, label)
                        }
                    }
                }
            }
        }

        @Test func `only what tells which server runs is open to everyone`() async throws {
            try await TestServer.run { server async throws in
                let open = server.routes().filter { $0.access == .everyone }.map { "\($0.method) \($0.path)" }
                #expect(
                    Set(open) == [
                        "GET /", "GET /health", "GET /api/version", "GET /roost/v1/version", "GET /openapi.json",
                    ])
            }
        }

        @Test func `HEAD asks for what GET asks for`() async throws {
            try await TestServer.run { server in
                let key = try server.key("reader", [.read])
                _ = try server.key("other", [.infer])
                for route in server.routes() where route.method == .get && route.access == .scope(.read) {
                    let path = route.path(with: "none")
                    #expect(try await server.open(.HEAD, path).status.code == 401, "\(path)")
                    let headers = ["Authorization": "Bearer \(key)"]
                    #expect(try await server.open(.HEAD, path, headers: headers).status.code != 401, "\(path)")
                }
            }
        }

        /// A key must not be able to tell whether there is a model that it may not use.
        @Test func `a model that a key may not use is as if it did not exist`() async throws {
            try await TestServer.run { server in
                let key = try server.key("narrow", Set(AccessScope.allCases), models: ["chat*"])
                var notFound = 0
                for route in server.routes() where route.access != .everyone {
                    let hasParameter = route.path(with: "a") != route.path(with: "b")
                    guard route.method != .get || hasParameter else { continue }
                    var answers: [String] = []
                    for model in ["base", "gone"] {
                        let reply = try await server.send(
                            route.clientMethod, route.path(with: model), route.method == .get ? nil : Self.body(model),
                            key: key)
                        notFound += reply.status == 404 ? 1 : 0
                        answers.append("\(reply.status) \(reply.text.replacingOccurrences(of: model, with: "MODEL"))")
                    }
                    #expect(answers.first == answers.last, "\(route.method) \(route.path)")
                }
                #expect(notFound >= 20)
                #expect(try await server.manager.downloadedModels().count == 3)
            }
        }

        private func roles(on server: TestServer) throws -> [Role] {
            func role(_ name: String, _ key: String, _ scopes: Set<AccessScope>?) -> Role {
                Role(name: name, headers: ["Authorization": "Bearer \(key)"], scopes: scopes)
            }
            let all = Set(AccessScope.allCases)
            var roles = [
                Role(name: "nobody", headers: [:], scopes: nil), role("a stranger", AccessToken().text, nil),
                role("somebody with another server's key", "sk-1234567890", nil),
                role("the holder of all scopes", try server.key("all", all), all),
            ]
            for scope in AccessScope.allCases {
                roles.append(role("the holder of \(scope)", try server.key("only-\(scope)", [scope]), [scope]))
            }
            let revoked = try server.key("revoked", all)
            try server.keyFile.revoke("revoked")
            roles.append(role("the holder of a revoked key", revoked, nil))
            let hourAgo = Date().addingTimeInterval(-3600)
            let expired = try server.key("expired", all, lifetime: .seconds(60), now: hourAgo)
            roles.append(role("the holder of an expired key", expired, nil))
            roles.append(role("the owner", try #require(server.running.token), all))
            return roles
        }

        /// What any endpoint that takes a model can take.
        private static func body(_ model: String) -> String {
            """
            {"model":"\(model)","name":"\(model)","from":"\(model)","source":"\(model)","destination":"chat-copy",
            "prompt":"a","input":"a","content":"a","query":"a","documents":["a"],"tokens":[1],"stream":false,
            "messages":[{"role":"user","content":"a"}],"max_tokens":1,"options":{"num_predict":1}}
            """
        }
    }
}
