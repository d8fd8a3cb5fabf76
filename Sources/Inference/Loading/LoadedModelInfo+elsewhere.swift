extension LoadedModelInfo {
    /// A model that another program has loaded, of which little is known: counts are 0 until they are set.
    ///
    /// - Parameter place: where it is, in the place of a file's path.
    public init(name: String, place: String, architecture: String = "unknown") {
        self.name = name
        path = place
        self.architecture = architecture
        description = name
        parameterCount = 0
        byteCount = 0
        contextLength = 0
        trainedContextLength = 0
        vocabularyCount = 0
        embeddingLength = 0
        layerCount = 0
        threadCount = 0
        hasChatTemplate = true
        isGenerative = true
    }
}
