/// The moments between which a process may die. Tests look at the folder at each of them.
enum StoreStep: String, Sendable, Hashable, CaseIterable {
    case workspaceCreated, contentTransferred
    case intentRecorded, contentRenamed, importCommitted, replacedContentUnlinked, importSettled, workspaceRemoved
    case moveIntentRecorded, movedContentPlaced, moveCommitted, movedContentUnlinked, moveSettled
    case removalCommitted, contentUnlinked, removalSettled
}
