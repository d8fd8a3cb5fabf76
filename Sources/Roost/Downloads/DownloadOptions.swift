public import ModelHubs

/// How a model is to be downloaded. What is `nil` is chosen by the name, the hub and the configuration.
public struct DownloadOptions: Sendable, Hashable {
    /// The model's name in the store; `nil` takes the one that was asked for.
    public var name: String?
    /// The weights' quantization, such as `Q4_K_M`.
    public var quantization: String?
    /// A branch, tag or commit of the repository.
    public var revision: String?
    /// Asks this hub and no other.
    public var hub: HubIdentifier?
    /// Bytes per second for this download alone.
    public var bandwidthLimit: Int64?
    /// Among downloads that wait for their turn the higher goes first.
    public var priority = 0
    /// Whether contents that another program keeps on this machine are taken from there.
    public var adoptsLocalContent = true

    /// The defaults.
    public init() {}
}

extension DownloadOptions {
    /// For a ticket, which knows texts only.
    var ticketFields: [String: String] {
        var fields: [String: String] = [:]
        fields["name"] = name
        fields["quantization"] = quantization
        fields["revision"] = revision
        fields["hub"] = hub?.rawValue
        if !adoptsLocalContent { fields["adopts"] = "no" }
        return fields
    }

    /// From a ticket.
    init(ticketFields fields: [String: String], priority: Int, bandwidthLimit: Int64?) {
        name = fields["name"]
        quantization = fields["quantization"]
        revision = fields["revision"]
        hub = fields["hub"].map { HubIdentifier(rawValue: $0) }
        adoptsLocalContent = fields["adopts"] != "no"
        self.priority = priority
        self.bandwidthLimit = bandwidthLimit
    }

    /// What of it the finder decides by.
    var resolveOptions: ResolveOptions {
        ResolveOptions(revision: revision, quantization: quantization, hub: hub)
    }
}
