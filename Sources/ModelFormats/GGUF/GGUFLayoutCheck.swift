/// Tensor data must lie as the engine expects it: in the order of the list, each at the next multiple of the
/// alignment, all of it inside the file and nothing but padding behind it.
struct GGUFLayoutCheck {
    let header: GGUFHeader
    let fileByteCount: UInt64

    func run() throws(GGUFError) {
        let mask = UInt64(header.alignment) - 1
        var expected: UInt64 = 0
        var end = header.dataOffset
        for tensor in header.tensors {
            guard tensor.offset & mask == 0 else {
                throw .offsetMisaligned(tensor: tensor.name, offset: tensor.offset, alignment: header.alignment)
            }
            guard tensor.offset >= expected else {
                throw .tensorsOverlap(tensor: tensor.name, offset: tensor.offset, expected: expected)
            }
            guard tensor.offset == expected else {
                throw .gapBeforeTensor(tensor: tensor.name, offset: tensor.offset, expected: expected)
            }
            let (next, overflow) = expected.addingReportingOverflow(tensor.byteCount)
            let (position, beyond) = header.dataOffset.addingReportingOverflow(next)
            guard !overflow, !beyond, position <= UInt64(Int64.max) else {
                throw .dataSizeOverflow(tensor: tensor.name)
            }
            guard position <= fileByteCount else {
                throw .dataBeyondEnd(tensor: tensor.name, end: position, fileByteCount: fileByteCount)
            }
            end = position
            expected = (next + mask) & ~mask
        }
        // `end` is inside the file, so rounding it up cannot overflow.
        let paddedEnd = header.tensors.isEmpty ? (end + mask) & ~mask : header.dataOffset + expected
        guard fileByteCount <= paddedEnd else { throw .trailingData(byteCount: fileByteCount - paddedEnd) }
    }
}
