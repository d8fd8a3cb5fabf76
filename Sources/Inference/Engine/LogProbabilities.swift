import LlamaBridge

extension EngineContext {
    /// How likely `token` and its likeliest rivals were by the model, before any sampler; by the logits of the batch's
    /// token `index`, which nobody may have changed. `nil` when there are none.
    func logProbabilities(
        of token: Int32, index: Int32, topCount: Int, model: ModelHandle
    ) -> TokenLogProbability? {
        var value: Float = 0
        var tokens = [Int32](repeating: -1, count: topCount)
        var values = [Float](repeating: 0, count: topCount)
        guard
            roost_log_probabilities(
                pointer, index, Int32(clamping: model.vocabularyCount), token, &value, Int32(clamping: topCount),
                &tokens, &values)
        else { return nil }
        func candidate(_ token: Int32, _ value: Float) -> TokenLogProbability.Candidate {
            var bytes: [UInt8] = []
            model.piece(of: token, isSpecial: true, into: &bytes)
            return .init(token: token, bytes: bytes, logProbability: value)
        }
        return TokenLogProbability(
            chosen: candidate(token, value), top: zip(tokens, values).map { candidate($0, $1) })
    }
}
