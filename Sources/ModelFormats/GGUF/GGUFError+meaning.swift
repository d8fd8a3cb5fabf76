extension GGUFError {
    /// The sentences for cases that concern what metadata means.
    var meaningProblem: String {
        switch self {
        case .missingKey(let key):
            "The metadata key “\(clean(key))” is missing; convert the model again with a current converter."
        case .unknownArchitecture(let name):
            "The engine does not know the architecture “\(clean(name))”; update Roost or choose another model."
        case .wrongValueType(let key, let found, let expected):
            "“\(clean(key))” has the type \(found) instead of \(expected); convert the model again."
        case .valueOutOfRange(let key, let value, let allowed):
            "“\(clean(key))” is \(value) and must be \(Self.text(allowed)); the file is damaged, do not use it."
        case .notFinite(let key):
            "“\(clean(key))” is not a finite number; the file is damaged, do not use it."
        case .negative(let key, let value):
            "“\(clean(key))” is \(value) and must not be negative; the file is damaged, do not use it."
        case .perLayerCount(let key, let count, let layers):
            "“\(clean(key))” has \(count) elements for a model of \(layers) layers; convert the model again."
        case .headsNotDivisible(let layer, let heads, let keyValueHeads):
            "Layer \(layer) has \(heads) attention heads, not a multiple of its \(keyValueHeads) key-value heads; "
                + "convert the model again."
        case .expertsUsedExceedExperts(let used, let experts):
            "The model uses \(used) experts of \(experts) for a token; convert the model again."
        case .badExpertGroups(let groups, let used, let experts):
            "The model uses \(used) of \(groups) groups of its \(experts) experts, which do not divide into them; "
                + "convert the model again."
        case .unknownRopeScaling(let name):
            "The engine does not know the rope scaling “\(clean(name))”; update Roost or choose another model."
        case .unknownTokenizer(let name):
            "The engine does not know the tokenizer “\(clean(name))”; update Roost or choose another model."
        case .emptyVocabulary:
            "The vocabulary has no tokens; convert the model again."
        case .vocabularyTooLarge(let tokens, let limit):
            "The vocabulary has \(tokens) tokens and the limit is \(limit); the file is damaged, do not use it."
        case .vocabularyCount(let key, let count, let tokens):
            "“\(clean(key))” has \(count) elements for \(tokens) tokens; convert the model again."
        case .duplicateToken(let first, let second):
            "Tokens \(first) and \(second) have the same text; convert the model again."
        case .badTokenType(let token, let type):
            "Token \(token) has the unknown type \(type), only 0 to 6 exist; convert the model again."
        case .badByteToken(let token, let text):
            "Byte token \(token) is “\(clean(text))” instead of <0x and two hexadecimal digits>; convert the model again."
        case .malformedMerge(let index, let text):
            "Merge \(index) is “\(clean(text))” instead of two pieces with a space between them; convert the model again."
        case .tokenOutOfRange(let key, let token, let tokens):
            "“\(clean(key))” is token \(token) and the vocabulary has \(tokens); convert the model again."
        case .embeddingRows(let tensor, let rows, let tokens):
            "Tensor “\(clean(tensor))” has \(rows) rows for \(tokens) tokens; convert the model again."
        case .chatTemplateTooLong(let key, let count, let limit):
            "The chat template “\(clean(key))” has \(count) bytes and the limit is \(limit); do not use this file."
        case .badSplit(let number, let count):
            "The file says it is part \(number) of \(count) (counted from 0); fetch all parts of the model again."
        case .splitTensorCount(let declared, let found):
            "The file says that its model has \(declared) tensors and holds \(found) itself; fetch all parts again."
        case .splitPart(let number, let count, let expected, let expectedCount):
            "The file says it is part \(number) of \(count) and stands as part \(expected) of \(expectedCount) (counted "
                + "from 0); fetch all parts of one model."
        case .splitArchitecture(let found, let expected):
            "The part has the architecture “\(clean(found))” and the first part “\(clean(expected))”; fetch all parts of "
                + "one model."
        default:
            "The GGUF file is damaged; download it again."
        }
    }
}
