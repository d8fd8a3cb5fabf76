/// A model in several files says in each which part it is and how many tensors there are in all.
struct GGUFSplitCheck {
    let metadata: GGUFTypedMetadata
    let tensorCount: Int

    /// Returns whether this file is a part after the first.
    func run() throws(GGUFError) -> Bool {
        guard let count = try metadata.unsigned16("split.count") else { return false }
        let number = try metadata.unsigned16("split.no") ?? 0
        // A count of 0 is how writers say that the model is not split.
        guard count > 0 || number == 0, count == 0 || number < count else {
            throw .badSplit(number: number, count: count)
        }
        if let declared = try metadata.signed32("split.tensors.count") {
            guard declared >= tensorCount, count > 1 || declared == tensorCount else {
                throw .splitTensorCount(declared: declared, found: tensorCount)
            }
        }
        return number > 0
    }
}
