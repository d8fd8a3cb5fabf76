#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension GGUFError: CustomStringConvertible {
    /// What was wrong, the value, and what to do, in one sentence.
    public var description: String {
        fileProblem ?? metadataProblem ?? tensorProblem ?? layoutProblem ?? meaningProblem
    }

    private static let again = "download or convert it again"

    private var fileProblem: String? {
        switch self {
        case .notRegularFile(let path):
            "“\(clean(path))” is not a regular file; give the path of a GGUF file."
        case .unreadable(let path, let operation, let errno):
            "Cannot \(operation) “\(clean(path))”: \(Self.text(errno)); check the path and its permissions."
        case .unwritable(let path, let operation, let errno):
            "Cannot \(operation) “\(clean(path))”: \(Self.text(errno)); check free space and permissions."
        case .emptyFile:
            "The file is empty; \(Self.again)."
        case .badMagic(let found):
            "The file is not a GGUF model: \(Self.guess(found)); choose a .gguf file."
        case .bigEndian:
            "The file is big-endian GGUF, which this engine does not read; use the little-endian file or convert it."
        case .unsupportedVersion(let version):
            "GGUF version \(version) is not supported, only 2 and 3 are; "
                + (version < 2 ? "convert the model again." : "update Roost or use another file.")
        case .truncated(let needed, let available):
            "The file ends too early: at least \(needed) bytes are needed and there are \(available); "
                + "finish the download or fetch it again."
        case .headerTooLarge(let count, let limit):
            "The header needs \(count) bytes and the limit is \(limit); the file is damaged or hostile, do not use it."
        case .tooManyMetadataEntries(let count, let limit):
            "The file claims \(count) metadata entries and the limit is \(limit); \(Self.again)."
        case .metadataCountExceedsFile(let count, let size):
            "The file claims \(count) metadata entries, more than its \(size) bytes can hold; \(Self.again)."
        case .tooManyTensors(let count, let limit):
            "The file claims \(count) tensors and the limit is \(limit); \(Self.again)."
        case .tensorCountExceedsFile(let count, let size):
            "The file claims \(count) tensors, more than its \(size) bytes can describe; \(Self.again)."
        default: nil
        }
    }

    private var metadataProblem: String? {
        switch self {
        case .emptyKey(let index):
            "Metadata entry \(index) has an empty key; \(Self.again)."
        case .keyTooLong(let index, let count, let limit):
            "The key of metadata entry \(index) has \(count) bytes and the limit is \(limit); \(Self.again)."
        case .keyNotText(let index):
            "The key of metadata entry \(index) is not UTF-8 text without control characters; \(Self.again)."
        case .duplicateKey(let key):
            "The metadata key “\(clean(key))” occurs twice; \(Self.again)."
        case .unknownValueType(let key, let type):
            "The value of “\(clean(key))” has the unknown type \(type); update Roost or \(Self.again)."
        case .unknownElementType(let key, let type):
            "The array “\(clean(key))” has the unknown element type \(type); update Roost or \(Self.again)."
        case .nestedArray(let key):
            "The array “\(clean(key))” holds arrays, which GGUF readers do not support; convert the model again."
        case .arrayTooLong(let key, let count, let limit):
            "The array “\(clean(key))” claims \(count) elements and the limit is \(limit); \(Self.again)."
        case .arrayExceedsFile(let key, let count, let size):
            "The array “\(clean(key))” claims \(count) elements, more than the file's \(size) bytes can hold; "
                + "\(Self.again)."
        case .stringTooLong(let key, let count, let limit):
            "A text of “\(clean(key))” claims \(count) bytes and the limit is \(limit); \(Self.again)."
        case .badBool(let key, let value):
            "A truth value of “\(clean(key))” is \(value) instead of 0 or 1; \(Self.again)."
        case .alignmentNotUInt32(let found):
            "general.alignment has the type \(found) instead of uint32; convert the model again."
        case .alignmentNotPowerOfTwo(let value):
            "general.alignment is \(value), which is not a power of two; convert the model again."
        case .alignmentOutOfRange(let value, let allowed):
            "general.alignment is \(value) and must be \(Self.text(allowed)); convert the model again."
        default: nil
        }
    }

    private var tensorProblem: String? {
        switch self {
        case .emptyTensorName(let index):
            "Tensor \(index) has no name; \(Self.again)."
        case .tensorNameTooLong(let index, let count, let limit):
            "The name of tensor \(index) has \(count) bytes and the limit is \(limit); convert the model again."
        case .tensorNameNotText(let index):
            "The name of tensor \(index) is not UTF-8 text without control characters; \(Self.again)."
        case .duplicateTensorName(let name):
            "The tensor name “\(clean(name))” occurs twice; \(Self.again)."
        case .dimensionCount(let tensor, let count):
            "Tensor “\(clean(tensor))” has \(count) dimensions and must have 1 to \(GGUFLimits.dimensions); \(Self.again)."
        case .dimensionZero(let tensor, let dimension):
            "Dimension \(dimension) of tensor “\(clean(tensor))” is 0; \(Self.again)."
        case .dimensionTooLarge(let tensor, let dimension, let size):
            "Dimension \(dimension) of tensor “\(clean(tensor))” is \(size), beyond 63 bits; \(Self.again)."
        case .elementCountOverflow(let tensor, let dimensions):
            "Tensor “\(clean(tensor))” with shape \(dimensions) has more than 2^63 elements; \(Self.again)."
        case .unknownTensorType(let tensor, let type):
            "Tensor “\(clean(tensor))” has the unknown type \(type); update Roost or use another quantization."
        case .removedTensorType(let tensor, let name):
            "Tensor “\(clean(tensor))” has the type \(name), which the engine no longer reads; "
                + "use a current quantization such as Q4_0 or Q4_K_M."
        case .rowNotWholeBlocks(let tensor, let row, let type):
            "Rows of tensor “\(clean(tensor))” have \(row) elements, not a multiple of the \(type.blockElementCount) "
                + "in a block of \(type.name); \(Self.again)."
        case .byteCountOverflow(let tensor, let dimensions, let type):
            "Tensor “\(clean(tensor))” with shape \(dimensions) of \(type.name) has more than 2^64 bytes; \(Self.again)."
        default: nil
        }
    }

    private var layoutProblem: String? {
        switch self {
        case .noTensors:
            "The file has no tensors, so it holds no model (perhaps a vocabulary only); choose the file with the weights."
        case .offsetMisaligned(let tensor, let offset, let alignment):
            "The data of tensor “\(clean(tensor))” starts at \(offset), not a multiple of the alignment \(alignment); "
                + "\(Self.again)."
        case .tensorsOverlap(let tensor, let offset, let expected):
            "The data of tensor “\(clean(tensor))” starts at \(offset), inside the tensor before it "
                + "(which ends at \(expected)); \(Self.again)."
        case .gapBeforeTensor(let tensor, let offset, let expected):
            "The data of tensor “\(clean(tensor))” starts at \(offset) and should start at \(expected); \(Self.again)."
        case .dataSizeOverflow(let tensor):
            "The sizes of all tensors up to “\(clean(tensor))” exceed 64 bits; \(Self.again)."
        case .dataBeyondEnd(let tensor, let end, let size):
            "The data of tensor “\(clean(tensor))” ends at byte \(end) and the file has \(size); "
                + "finish the download or fetch it again."
        case .trailingData(let count):
            "\(count) bytes follow the last tensor's data; \(Self.again)."
        case .tensorDataCount(let tensor, let expected, let written):
            "Tensor “\(clean(tensor))” needs \(expected) bytes of data and got \(written); write exactly its byteCount."
        default: nil
        }
    }
}

extension GGUFError {
    /// Text of a file in a message: no control characters, no more than a line.
    func clean(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(120).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
        return String(String.UnicodeScalarView(shown)) + (text.unicodeScalars.count > 120 ? "…" : "")
    }

    static func text(_ range: ClosedRange<some Comparable>) -> String { "\(range.lowerBound) to \(range.upperBound)" }

    private static func text(_ errno: Int32) -> String { String(cString: strerror(errno)) }

    /// What a file with these first four bytes probably is.
    private static func guess(_ magic: [UInt8]) -> String {
        let text = String(decoding: magic, as: UTF8.self)
        return switch true {
        case magic.starts(with: [0x50, 0x4B]): "it is a zip archive (perhaps a PyTorch model)"
        case text.hasPrefix("<"): "it is a web page, so the download went wrong"
        case text.hasPrefix("{"): "it is JSON text, perhaps an error message instead of a download"
        case text.hasPrefix("vers"): "it is probably a Git LFS pointer instead of the file it stands for"
        case text == "tjgg", text == "fmgg", text == "lmgg": "it is a GGML file of before GGUF"
        case magic.dropFirst(2).allSatisfy { $0 == 0 } && magic.count == 4: "it may be a safetensors file"
        default: "it starts with the bytes \(magic) instead of “GGUF”"
        }
    }
}
