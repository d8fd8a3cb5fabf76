import Foundation

extension HuggingFaceHub {
    /// The card's header, the text of README.md, and that of the licence file.
    public func modelCard(of reference: ModelReference) async throws -> ModelCard {
        guard case .huggingFace(let wanted) = reference else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "Hugging Face")
        }
        let context = HuggingFaceContext(repository: wanted.repository, revision: wanted.revision)
        let info = try await info(context)
        let repository = RepositoryName(info.id) ?? wanted.repository
        var card = ModelCard(reference: reference, hub: identifier)
        card.page = "\(settings.endpoint.shown)/\(repository)"
        card.license = info.license
        card.licenseName = info.cardData?.licenseName
        card.licenseLink = info.cardData?.licenseLink
        card.baseModels = info.cardData?.baseModels ?? []
        card.languages = info.cardData?.languages ?? []
        card.pipeline = info.pipelineTag ?? info.cardData?.pipeline
        card.tags = info.tags ?? []
        card.architecture = info.gguf?.architecture
        card.parameters = info.gguf?.total.map(String.init)
        card.contextLength = info.gguf?.contextLength
        card.isGated = info.gated?.isOn ?? false
        card.downloads = info.downloads
        card.likes = info.likes
        card.lastModified = info.lastModified
        let names = (info.siblings ?? []).compactMap { RepositoryPath($0.rfilename) }
        let commit = info.sha ?? wanted.revision ?? "main"
        if let readme = names.first(where: { $0.description.lowercased() == "readme.md" }) {
            card.text = try await text(of: readme, in: repository, at: commit).map(ModelCard.body(ofMarkdown:))
        }
        if let license = names.first(where: { ListedFile(path: $0).isLicense }) {
            card.licenseText = try await text(of: license, in: repository, at: commit)
        }
        return card
    }

    /// A text of the repository; `nil` when it is gated, too long or gone: the card's facts are open to all.
    private func text(of path: RepositoryPath, in repository: RepositoryName, at commit: String) async throws -> String?
    {
        let file = file(ListedFile(path: path), .license, of: repository, at: commit)
        do {
            return String(
                decoding: try await content(of: file, upTo: ModelCard.maximumTextByteCount), as: UTF8.self)
        } catch let error as ModelHubError {
            switch error {
            case .gated, .fileNotFound, .unexpectedAnswer, .forbidden: return nil
            default: throw error
            }
        }
    }
}
