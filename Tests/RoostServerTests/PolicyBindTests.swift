import Foundation
import NIOHTTP1
import Roost
import Security
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct PolicyBindTests {
        @Test(arguments: ["127.0.0.1", "localhost", "::1", "[::1]"], [true, false])
        func `this machine alone may be served with nothing`(host: String, isOn: Bool) throws {
            try BindRule.check(host: host, hasKeys: isOn, hasTLS: isOn, isInsecure: isOn)
            #expect(BindRule.warning(host: host, hasKeys: isOn, hasTLS: isOn) == nil)
        }

        @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "models.example", ""])
        func `other machines may be served with keys and TLS`(host: String) throws {
            try BindRule.check(host: host, hasKeys: true, hasTLS: true, isInsecure: false)
            #expect(BindRule.warning(host: host, hasKeys: true, hasTLS: true) == nil)
            for (hasKeys, hasTLS) in [(false, false), (true, false), (false, true)] {
                let expected = RoostServerError.insecureListenAddress(
                    host: host, lacksKeys: !hasKeys, lacksEncryption: !hasTLS)
                #expect(throws: expected) {
                    try BindRule.check(host: host, hasKeys: hasKeys, hasTLS: hasTLS, isInsecure: false)
                }
                #expect(expected.description.contains("roost keys create") == !hasKeys)
                #expect(expected.description.contains("--tls") == !hasTLS)
                try BindRule.check(host: host, hasKeys: hasKeys, hasTLS: hasTLS, isInsecure: true)
                let warning = try #require(BindRule.warning(host: host, hasKeys: hasKeys, hasTLS: hasTLS))
                #expect(warning.contains("nobody needs a key") == !hasKeys)
                #expect(warning.contains("Nothing is encrypted") == !hasTLS)
            }
        }

        @Test func `a key that is over, or that is not asked for, is none`() async throws {
            try await TestServer.run { server in
                var configuration = RoostServerConfiguration(server.manager.configuration)
                configuration.host = "0.0.0.0"
                func lacksKeys() throws -> Bool? {
                    let error = #expect(throws: RoostServerError.self) { try configuration.checkAccess() }
                    guard case .insecureListenAddress(_, let lacksKeys, _)? = error else { return nil }
                    return lacksKeys
                }
                #expect(try lacksKeys() == true)
                _ = try server.key("old", lifetime: .seconds(60), now: Date().addingTimeInterval(-3600))
                #expect(try lacksKeys() == true)
                _ = try server.key("new")
                #expect(try lacksKeys() == false)
                configuration.requiresKeys = false
                #expect(try lacksKeys() == true)
            }
        }
    }
}
