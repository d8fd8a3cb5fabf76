extension Set<String> {
    /// The names, as models know them, of the parameters that a request sets: a model's own do not apply to those.
    init(given parameters: KeyValuePairs<String, Bool>) {
        self.init(parameters.filter(\.value).map(\.key))
    }
}
