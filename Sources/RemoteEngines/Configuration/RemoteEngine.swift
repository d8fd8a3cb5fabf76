/// An engine beside this Roost that serves models: how it is reached, what it offers, and its share of the work.
public struct RemoteEngine: Sendable, Hashable {
    /// What it is called: `cluster` in `cluster/llama3.3:70b`.
    public var name: String
    /// Where it answers.
    public var address: EngineAddress
    /// What it is; `nil` is found out by asking it.
    public var kind: EngineKind?
    /// What it is asked with; `nil` for an engine that wants none.
    public var key: EngineKey?
    /// Why a key that was set cannot be used: the engine is not asked then.
    public var keyProblem: String?
    /// Its share of the requests among engines of one priority that have the same model, 1 to 1000. Default 1.
    public var weight = 1
    /// Engines with a smaller number are asked first, those with a larger one when none of the others can answer: 0 to
    /// 1000. Default 100.
    public var priority = 100
    /// Which models it offers, and their names.
    public var models = ModelMapping()
    /// Whether its models go before models of the store that have the same name. Default false.
    public var isPreferred = false
    /// Longest time until it takes a connection. Default 5 seconds.
    public var connectTimeout = Duration.seconds(5)
    /// Longest time that it may be silent while it works on a request. Default 10 minutes.
    public var silenceTimeout = Duration.seconds(600)
    /// Longest time that the answer to a question about its health may take. Default 5 seconds.
    public var healthTimeout = Duration.seconds(5)
    /// From one such question to the next. Default 15 seconds.
    public var healthInterval = Duration.seconds(15)
    /// A file of certificates (PEM) that are trusted beside the system's.
    public var certificateFile: String?
    /// This side's certificate and its key (PEM), for engines that ask for one.
    public var clientCertificateFile: String?
    /// The key of ``clientCertificateFile``.
    public var clientKeyFile: String?

    /// The longest name, in bytes.
    public static let maximumNameByteCount = 64

    /// An engine with the defaults above.
    public init(name: String, address: EngineAddress) {
        self.name = name
        self.address = address
    }

    /// Whether a text can be an engine's name: lower-case letters, digits, “-”, “_” and “.”, beginning with a letter or
    /// a digit.
    public static func isName(_ text: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...maximumNameByteCount).contains(text.utf8.count), text.utf8.first.map(isPlain) == true,
            !text.contains("..")
        else { return false }
        return text.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) }
    }
}
