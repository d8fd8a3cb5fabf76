import RemoteEngines
import Testing

@Suite struct EngineKindTests {
    @Test func `kinds are written as their projects write themselves`() {
        #expect(EngineKind(rawValue: "llama-server") == .llamaServer)
        #expect(EngineKind(rawValue: "lmstudio") == .lmStudio)
        #expect(EngineKind(rawValue: "tgi") == nil)
    }
}
