public import Foundation

/// Folders for content on its way into the store, on the same file system as the place it goes to.
public struct IntakeFolders: Sendable, Hashable {
    /// For whole files, under their digest's file name.
    public let incoming: URL
    /// For files that are being fetched.
    public let partial: URL
    /// For files that turned out wrong.
    public let quarantine: URL
}
