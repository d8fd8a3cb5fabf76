import Foundation
import ModelFormats
import ModelHubs
import ModelStore
import Security

/// The headers of models that are not in the store: from the cache, from files of this machine, from their hubs.
struct HeaderReader: Sendable {
    /// Opens the hubs and the catalog, which what is known does without.
    let openSources: @Sendable () async throws -> ModelSources
    let store: ModelStore
    let cache: HeaderCache
    let configuration: RoostConfiguration
    var steps = BeginningSteps()

    /// How long what a hub said of a name is good without asking again.
    static let memoryLifetime: TimeInterval = 15 * 60
    /// Parts of one model that are fetched at a time.
    private static let maximumConcurrentParts = 4
    /// The parts after the first have the list of their tensors and nothing else, a projector little more.
    private static let firstStepOfLaterFiles = 128 << 10

    /// A file of weights with its header.
    struct Read: Sendable {
        let part: ModelHeader.Part
        var receivedByteCount: Int64 = 0
        var tagKey: Digest?
        var tag: String?
    }

    /// The header of what a text means.
    ///
    /// - Parameter refreshing: asks the hub although it was asked a moment ago.
    func header(of text: String, _ options: DownloadOptions, refreshing: Bool) async throws -> ModelHeader {
        let key = memoryKey(text, options)
        let known = try await OffPool.run { remembered(key) }
        if let known, !refreshing, Date().timeIntervalSince(known.resolvedAt) < Self.memoryLifetime,
            let header = try await header(cached: known)
        {
            return header
        }
        do {
            let sources = try await openSources()
            let model = try await sources.finder.resolve(text, options: options.resolveOptions)
            if model.hub == .local { return try await header(local: model) }
            return try await header(remote: model, known, key, sources)
        } catch let error as ModelHubError {
            // Without its hub, what it said before is the best that there is.
            guard error.saysUnreached, let known, let header = try await header(cached: known) else { throw error }
            return header
        }
    }

    // MARK: The three places

    /// From the cache alone; `nil` when a part is not there.
    private func header(cached known: RememberedModel) async throws -> ModelHeader? {
        var parts: [ModelHeader.Part] = []
        for file in known.filesWithHeaders {
            guard let key = file.key, let part = try await part(cached: key, file.name, digest: file.digest) else {
                return nil
            }
            parts.append(part)
        }
        return try assemble(parts.map { Read(part: $0) }, known)
    }

    private func header(local model: ResolvedModel) async throws -> ModelHeader {
        let known = RememberedModel(model, at: Date())
        var reads: [Read] = []
        for file in Self.filesWithHeaders(of: model) {
            guard let url = file.sources.first?.url else { continue }
            reads.append(Read(part: try await Self.part(at: url, file.path.description, digest: file.digest)))
        }
        return try assemble(reads, known, place: .disk(path: model.weights.first?.sources.first?.url.path ?? ""))
    }

    private func header(
        remote model: ResolvedModel, _ known: RememberedModel?, _ key: Digest, _ sources: ModelSources
    ) async throws -> ModelHeader {
        let reads = try await reads(of: model, known, sources)
        var memory = RememberedModel(model, at: Date())
        for (file, read) in zip(Self.filesWithHeaders(of: model), reads) {
            guard let index = memory.files.firstIndex(where: { $0.name == file.path.description }) else { continue }
            memory.files[index].byteCount = read.part.fileByteCount
            memory.files[index].tagKey = read.tagKey?.hexadecimal
            memory.files[index].tag = read.tag
        }
        let header = try assemble(reads, memory)
        // Only what passed every check is remembered.
        try await OffPool.run { [memory] in
            for read in reads {
                guard read.receivedByteCount > 0, let key = read.part.digest ?? read.tagKey else { continue }
                cache.keep(.header, key, .init(number: read.part.fileByteCount, bytes: read.part.bytes))
            }
            guard let bytes = try? JSONEncoder().encode(memory) else { return }
            cache.keep(.model, key, .init(number: 0, bytes: bytes))
        }
        return header
    }

    // MARK: Parts

    /// The weights in order, and the projector that goes with them.
    private static func filesWithHeaders(of model: ResolvedModel) -> [ModelFile] {
        model.weights + model.files.filter { $0.role == .projector }.prefix(1)
    }

    /// The headers of all parts, several at a time.
    private func reads(
        of model: ResolvedModel, _ known: RememberedModel?, _ sources: ModelSources
    ) async throws -> [Read] {
        let reader = FileBeginningReader(transport: sources.transport, finder: sources.finder)
        let files = Self.filesWithHeaders(of: model)
        let contents = try await storedContents()
        return try await withThrowingTaskGroup(of: (Int, Read).self) { group in
            var reads: [Int: Read] = [:]
            for (index, file) in files.enumerated() {
                if index >= Self.maximumConcurrentParts, let (done, read) = try await group.next() {
                    reads[done] = read
                }
                let memory = known?.files.first { $0.name == file.path.description }
                group.addTask { (index, try await read(file, number: index, memory, contents, reader)) }
            }
            for try await (index, read) in group { reads[index] = read }
            return files.indices.compactMap { reads[$0] }
        }
    }

    private func read(
        _ file: ModelFile, number: Int, _ memory: RememberedModel.File?, _ contents: [Digest: String],
        _ reader: FileBeginningReader
    ) async throws -> Read {
        let name = file.path.description
        if let digest = file.digest {
            // The content may be here under another name.
            if let path = contents[digest],
                let part = try? await Self.part(at: URL(fileURLWithPath: path), name, digest: digest)
            {
                return Read(part: part)
            }
            if let part = try await part(cached: digest, name, digest: digest.hexadecimal) { return Read(part: part) }
        }
        if file.digest == nil, let key = memory?.key, let tag = memory?.tag,
            let part = try await part(cached: key, name, digest: nil)
        {
            return try await fetch(file, number: number, unless: tag, reader) ?? Read(part: part, tagKey: key, tag: tag)
        }
        guard let read = try await fetch(file, number: number, unless: nil, reader) else {
            throw ModelHubError.unexpectedAnswer(
                location: name, reason: "it says that nothing changed, to someone who knows nothing")
        }
        return read
    }

    /// From the hub; `nil` when the file has the tag that is known.
    private func fetch(
        _ file: ModelFile, number: Int, unless tag: String?, _ reader: FileBeginningReader
    ) async throws -> Read? {
        let name = file.path.description
        var steps = steps
        if number > 0 { steps.first = min(steps.first, Self.firstStepOfLaterFiles) }
        let answer: BeginningAnswer<GGUFHeader>
        do {
            answer = try await reader.read(file, steps: steps, unless: tag) { bytes, size in
                switch try GGUFReader.header(from: bytes, fileByteCount: size.map { UInt64(clamping: $0) }) {
                case .complete(let header): .complete(header)
                case .needsMore(let count): .needsMore(atLeast: count)
                }
            }
        } catch let error as GGUFError {
            throw ModelStoreError.invalidModel(path: name, reason: "\(error)")
        }
        guard case .read(let beginning) = answer else { return nil }
        let size = beginning.fileByteCount ?? Int64(clamping: beginning.value.fileByteCount)
        var read = Read(
            part: ModelHeader.Part(
                name: name, header: beginning.value, fileByteCount: size, digest: file.digest),
            receivedByteCount: beginning.receivedByteCount)
        if file.digest == nil, let tag = beginning.entityTag, let address = file.sources.first?.url {
            read.tag = tag
            read.tagKey = Digest.of([UInt8]("\(address.absoluteString)\n\(tag)\n\(size)".utf8))
        }
        return read
    }

    private func part(cached key: Digest, _ name: String, digest: String?) async throws -> ModelHeader.Part? {
        try await OffPool.run {
            guard let entry = cache.entry(.header, key),
                // One that a reader of today refuses is fetched again.
                case .complete(let header)? = try? GGUFReader.header(
                    from: entry.bytes, fileByteCount: UInt64(clamping: entry.number))
            else { return nil }
            return ModelHeader.Part(
                name: name, header: header, fileByteCount: entry.number,
                digest: digest.flatMap { Digest(hexadecimal: $0) })
        }
    }

    /// A file of this machine, read no further than its header goes.
    static func part(at url: URL, _ name: String, digest: Digest?) async throws -> ModelHeader.Part {
        try await OffPool.run {
            do {
                let file = try GGUFReader.open(url, access: .copied)
                return ModelHeader.Part(
                    name: name, header: file.header, fileByteCount: Int64(clamping: file.fileByteCount),
                    digest: digest)
            } catch let error as GGUFError {
                throw ModelStoreError.invalidModel(path: url.path, reason: "\(error)")
            }
        }
    }

    /// Where the contents of the store are.
    private func storedContents() async throws -> [Digest: String] {
        let files = try await store.models().flatMap(\.files).filter { $0.role.isWeights && !$0.isDamaged }
        return Dictionary(files.map { ($0.digest, $0.path) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Memory

    private func memoryKey(_ text: String, _ options: DownloadOptions) -> Digest {
        let environment = configuration.environment
        let parts: [String?] = [
            text, options.quantization, options.revision, options.hub?.rawValue, environment["HF_ENDPOINT"],
            environment["ROOST_OLLAMA_REGISTRY"], configuration.catalogs.joined(separator: "\n"),
        ]
        return Digest.of([UInt8](parts.map { "\($0?.utf8.count ?? -1):\($0 ?? "")" }.joined(separator: "\n").utf8))
    }

    private func remembered(_ key: Digest) -> RememberedModel? {
        cache.entry(.model, key).flatMap { try? JSONDecoder().decode(RememberedModel.self, from: $0.bytes) }
    }

    private func assemble(
        _ reads: [Read], _ known: RememberedModel, place: ModelHeader.Place? = nil
    ) throws -> ModelHeader {
        try ModelHeader(
            name: known.name, place: place ?? .hub(HubIdentifier(rawValue: known.hub)),
            parts: reads.prefix(known.weights.count).map(\.part),
            projector: reads.dropFirst(known.weights.count).first?.part, companions: known.companions,
            repository: known.repository, revision: known.revision,
            license: known.license, resolvedAt: place == nil ? known.resolvedAt : nil,
            receivedByteCount: reads.reduce(0) { $0 + $1.receivedByteCount })
    }
}
