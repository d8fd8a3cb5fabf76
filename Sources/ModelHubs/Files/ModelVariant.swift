/// One loadable model among the files of a repository or folder: a file, or all parts of a split one.
public struct ModelVariant: Hashable, Sendable {
    /// What people call it: the path without shard number and `.gguf`.
    public let name: String
    /// Its quantization, when the name says so.
    public let quantization: QuantizationLabel?
    /// Its files in order.
    public let files: [ListedFile]
    /// How many files it should have.
    public let fileCount: Int
    /// Numbers of the parts that are not there.
    public let missing: [Int]

    /// The size of all files in bytes; `nil` when one is not known.
    public var byteCount: Int64? {
        var total: Int64 = 0
        for file in files {
            guard let count = file.byteCount else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }

    /// What a person writes to choose it: its quantization, else its file.
    public var choice: String { quantization?.description ?? files.first?.path.description ?? name }

    /// The folder it is in.
    public var folder: String { files.first?.path.folder ?? "" }

    /// Parts of names of GGUF files that are no model of their own [llama.cpp's rule for `-hf`].
    private static let companions = ["mmproj", "imatrix", "mtp-", "eagle3-"]

    /// All variants among `files`, by name. Projectors, importance matrices and draft heads are none.
    public static func all(in files: [ListedFile]) -> [ModelVariant] {
        let models = files.filter { file in
            let name = file.path.fileName.lowercased()
            return file.path.isGGUF && !companions.contains { name.contains($0) }
        }
        return grouped(models)
    }

    /// The multimodal projectors among `files`, by name.
    public static func projectors(in files: [ListedFile]) -> [ModelVariant] {
        grouped(files.filter { $0.path.isGGUF && $0.path.fileName.lowercased().contains("mmproj") })
    }

    private static func grouped(_ files: [ListedFile]) -> [ModelVariant] {
        var single: [ModelVariant] = []
        var split: [SplitKey: [Int: ListedFile]] = [:]
        for file in files {
            if let shard = ShardName(file.path.description) {
                split[SplitKey(stem: shard.stem, count: shard.count), default: [:]][shard.index] = file
            } else {
                single.append(ModelVariant(name: String(file.path.description.dropLast(5)), parts: [1: file], count: 1))
            }
        }
        let joined = split.map { ModelVariant(name: $0.key.stem, parts: $0.value, count: $0.key.count) }
        return (single + joined).sorted { $0.name < $1.name }
    }

    private struct SplitKey: Hashable {
        let stem: String
        let count: Int
    }

    private init(name: String, parts: [Int: ListedFile], count: Int) {
        self.name = name
        files = parts.sorted { $0.key < $1.key }.map(\.value)
        fileCount = count
        missing = (1...count).filter { parts[$0] == nil }
        let pieces = name.split(separator: "/").map(String.init)
        // The file's own name decides; a folder named after a quantization serves when it does not.
        quantization = pieces.reversed().lazy.compactMap { QuantizationLabel(inFileName: $0) }.first
    }
}
