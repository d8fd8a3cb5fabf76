extension GovernedSpeculation: Speculation {
    func makeSpeculator(for request: GenerationRequest) -> (any Speculator)? {
        request.options.allowsSpeculation ? speculator() : nil
    }
}

extension GovernedSpeculator: Speculator {}
