import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct NativeTests {
        @Test func `models are listed, shown, activated, verified and deleted`() async throws {
            try await TestServer.run { server in
                _ = try await server.manager.copy("base", to: "hf.co/user/repo:Q4_K_M")
                let list = try await server.send(.GET, "/roost/v1/models")
                #expect(try JSONDecoder().decode(JSONValue.self, from: list.body).names.contains("base:latest"))
                let path = "/roost/v1/models/hf.co%2Fuser%2Frepo:Q4_K_M"
                #expect(try await server.send(.GET, path).json.string("name") == "hf.co/user/repo:Q4_K_M")
                #expect(try await server.send(.POST, path + "/activate").json.bool("is_active") == true)
                #expect(try await server.manager.activeModel()?.name.description == "hf.co/user/repo:Q4_K_M")
                #expect(try await server.send(.DELETE, "/roost/v1/active").json.bool("changed") == true)
                #expect(try await server.send(.DELETE, "/roost/v1/active").json.bool("changed") == false)
                #expect(try await server.send(.POST, path + "/verify").json.string("status") == "intact")
                let events = try await server.send(.POST, path + "/verify", headers: ["Accept": "text/event-stream"])
                #expect(events.headers["Content-Type"] == ["text/event-stream; charset=utf-8"])
                #expect(events.text.contains("event: done\ndata: {"))
                let gone = try await server.send(.DELETE, path).json
                #expect(gone.string("name") == "hf.co/user/repo:Q4_K_M")
                #expect(gone.int("freed_byte_count") == 0)
                let missing = try await server.send(.GET, path)
                #expect(missing.status == 404)
                #expect(try missing.json.string("error.code") == "model_not_found")
            }
        }

        @Test func `a model is loaded as was asked, shown as it is, and let go`() async throws {
            try await TestServer.run { server in
                let loaded = try await server.send(
                    .POST, "/roost/v1/models/base/load",
                    #"{"options":{"context_length":128,"parallel_request_count":2},"keep_alive":"1h"}"#)
                #expect(loaded.status == 200, "\(loaded.text)")
                #expect(try loaded.json.int("context_length") == 128)
                #expect(try loaded.json.string("expires_at") != nil)
                _ = try await server.send(.POST, "/api/generate", #"{"model":"base","prompt":"a","stream":false}"#)
                let now = try await server.send(.GET, "/roost/v1/loaded")
                let model = try JSONObject(Data(#"{"models":\#(now.text)}"#.utf8))
                #expect(model.string("models.0.name") == "base:latest")
                #expect(model.int("models.0.generated_token_count") ?? 0 > 0)
                #expect(model.bool("models.0.is_pinned") == false)
                #expect(try await server.send(.POST, "/roost/v1/models/base/unload").json.bool("changed") == true)
                #expect(
                    try await server.send(.POST, "/roost/v1/models/base/unload", "{}").json.bool("changed") == false)
                #expect(try await server.send(.GET, "/roost/v1/loaded").text == "[]")
            }
        }

        @Test func `what is wrong with a request is named`() async throws {
            try await TestServer.run { server in
                for (method, path, body, status, field) in [
                    (HTTPMethod.POST, "/roost/v1/plan", #"{"model":"base","contxt":1}"#, 400, "contxt"),
                    (.POST, "/roost/v1/plan", #"{"model":"base","context_length":0}"#, 400, "context_length"),
                    (.POST, "/roost/v1/plan", #"{"model":"/etc/passwd"}"#, 400, "model"),
                    (.POST, "/roost/v1/plan", #"{"model":"./x.gguf"}"#, 400, "model"),
                    (.POST, "/roost/v1/plan", #"{"model":"base","on":"a potato"}"#, 400, "on"),
                    (.POST, "/roost/v1/plan", "", 400, nil), (.POST, "/roost/v1/plan", "{", 400, nil),
                    (.POST, "/roost/v1/downloads", #"{"model":"~/x"}"#, 400, "model"),
                    (.POST, "/roost/v1/downloads", "{}", 400, "model"),
                    (.POST, "/roost/v1/models/base/load", #"{"options":{"batch_size":-1}}"#, 400, "options.batch_size"),
                    (.POST, "/roost/v1/models/base/load", #"{"keep_alive":"soon"}"#, 400, "keep_alive"),
                    (.GET, "/roost/v1/search", nil, 400, "q"), (.GET, "/roost/v1/search?q=", nil, 400, "q"),
                    (.GET, "/roost/v1/search?q=a&limit=x", nil, 400, "limit"),
                    (.GET, "/roost/v1/search?q=a&q=b", nil, 400, "q"),
                    (.GET, "/roost/v1/search?q=%FF", nil, 400, "q"),
                    (.GET, "/roost/v1/recommend?for=war", nil, 400, "for"),
                    (.GET, "/roost/v1/events?seconds=-1", nil, 400, "seconds"),
                    (.GET, "/roost/v1/models/nobody", nil, 404, nil),
                    (.GET, "/roost/v1/downloads/nobody", nil, 404, nil),
                    (.POST, "/roost/v1/downloads/nobody/pause", nil, 404, nil),
                    (.GET, "/roost/v1/logs/nobody", nil, 404, nil), (.GET, "/roost/v1/nothing", nil, 404, nil),
                    (.DELETE, "/roost/v1/models", nil, 405, nil), (.GET, "/roost/v1/ws", nil, 426, nil),
                ] as [(HTTPMethod, String, String?, Int, String?)] {
                    let reply = try await server.send(method, path, body)
                    #expect(reply.status == status, "\(path) \(body ?? ""): \(reply.text)")
                    let error = try reply.json
                    #expect(error.string("error.field") == field, "\(path) \(body ?? ""): \(reply.text)")
                    #expect(error.string("error.message")?.hasSuffix(".") == true, "\(reply.text)")
                    #expect(error.string("error.code")?.isEmpty == false)
                }
            }
        }

        @Test func `a plan tells whether a stored model fits, here and elsewhere`() async throws {
            try await TestServer.run { server in
                let here = try await server.send(.POST, "/roost/v1/plan", #"{"model":"base","context_length":256}"#)
                    .json
                #expect(here.bool("plan.fits") == true)
                #expect(here.int("plan.context_length") == 256)
                #expect(here.bool("model.is_here") == true)
                #expect(here.bool("machine.is_here") == true)
                let there = try await server.send(
                    .POST, "/roost/v1/plan", #"{"model":"base","on":"24GB gpu, 32GB ram"}"#
                ).json
                #expect(there.bool("machine.is_here") == false)
                let nothing = try await server.send(.POST, "/roost/v1/plan", "{}")
                #expect(nothing.status == 409)
                #expect(try nothing.json.string("error.code") == "no_active_model")
            }
        }

        @Test func `settings tell no secrets`() async throws {
            try await TestServer.run { server in
                let settings = try await server.send(.GET, "/roost/v1/settings")
                #expect(settings.status == 200)
                #expect(settings.text.contains(#""key":"keep_alive""#))
                #expect(!settings.text.lowercased().contains("token\":"))
            }
        }

        @Test func `events begin with what is, and end when they are told to`() async throws {
            try await TestServer.run { server in
                try await server.manager.load("base")
                let two = try await server.send(.GET, "/roost/v1/events?topic=loaded&topic=health&limit=2")
                #expect(two.status == 200)
                #expect(two.text.contains("id: 1\nevent: "))
                #expect(two.text.contains("id: 2\nevent: "))
                #expect(two.text.contains("event: health\ndata: {\"warnings\":["))
                #expect(two.text.contains("event: loaded\ndata: {\"models\":[{"))
                let none = try await server.send(.GET, "/roost/v1/events?topic=events&seconds=0")
                #expect(none.status == 200)
                #expect(none.text.isEmpty)
            }
        }
    }
}

extension JSONValue {
    /// The names of an array of objects.
    fileprivate var names: [String] {
        guard case .array(let values) = self else { return [] }
        return values.compactMap { value in
            guard case .object(let fields) = value, case .string(let name)? = fields["name"] else { return nil }
            return name
        }
    }
}
