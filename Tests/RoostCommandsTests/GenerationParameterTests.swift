import Roost
import Testing

@testable import RoostCommands

@Suite struct GenerationParameterTests {
    @Test(arguments: [
        ("temperature", "0", GenerationParameter.Value.number(0)), ("top_k", "1", .count(1)),
        ("top_p", "0.5", .number(0.5)),
        ("min_p", "0.1", .number(0.1)), ("typical_p", "0.9", .number(0.9)),
        ("seed", "4294967295", .count(4_294_967_295)),
        ("num_predict", "7", .count(7)), ("repeat_penalty", "1.2", .number(1.2)), ("repeat_last_n", "-1", .count(-1)),
        ("presence_penalty", "-2", .number(-2)), ("frequency_penalty", "2", .number(2)), ("mirostat", "2", .count(2)),
        ("mirostat_tau", "4", .number(4)), ("mirostat_eta", "0.2", .number(0.2)), ("stop", "###", .texts(["###"])),
        ("num_ctx", "4096", .count(4096)), ("num_thread", "3", .count(3)),
    ])
    func aValueThatIsSetIsTheOneThatIsSent(name: String, text: String, value: GenerationParameter.Value) throws {
        var settings = RunSettings()
        let parameter = try GenerationParameter.named(name)
        try parameter.apply(text, to: &settings)
        #expect(parameter.value(settings) == value)
        // Nothing else moved.
        let defaults = RunSettings()
        for other in GenerationParameter.all where other.name != name {
            #expect(other.value(settings) == other.value(defaults), "\(other.name)")
        }
    }

    @Test(arguments: [
        ("temperature", "-1"), ("temperature", "hot"), ("temperature", "nan"), ("top_k", "1.5"), ("top_p", "2"),
        ("seed", "-2"), ("seed", "4294967296"), ("num_predict", "0"), ("num_predict", "-2"), ("stop", ""),
        ("num_ctx", "0"), ("num_ctx", "99999999999"), ("mirostat", "3"), ("repeat_penalty", "0"), ("num_thread", "-4"),
    ])
    func aValueThatMakesNoSenseIsRefusedAndChangesNothing(name: String, text: String) throws {
        var settings = RunSettings()
        let parameter = try GenerationParameter.named(name)
        let error = #expect(throws: (any Error).self) { try parameter.apply(text, to: &settings) }
        #expect(error.map { "\($0)" }?.contains("must be") == true)
        #expect(settings.generation == RunSettings().generation)
        #expect(settings.load == RunSettings().load)
    }

    @Test func minusOneMeansNoSeedAndNoLimit() throws {
        var settings = RunSettings()
        settings.generation.seed = 3
        settings.generation.maxTokens = 3
        try GenerationParameter.named("seed").apply("-1", to: &settings)
        try GenerationParameter.named("num_predict").apply("-1", to: &settings)
        #expect(settings.generation.seed == nil)
        #expect(settings.generation.maxTokens == nil)
    }

    @Test func anUnknownNameIsToldWhichThereAre() {
        let error = #expect(throws: RunError.self) { try GenerationParameter.named("heat") }
        #expect(error.map { "\($0)" }?.contains("temperature") == true)
    }
}
