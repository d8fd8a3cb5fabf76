import NIOCore

extension WireJSON {
    /// A server-sent event with a name (HTML Living Standard 9.2): `event:`, `data:` on one line, an empty line.
    static func event(_ name: String, _ value: some Encodable) throws -> ByteBuffer {
        let data = try data(value)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(data.count + name.utf8.count + 24)
        buffer.writeString("event: \(name)\ndata: ")
        buffer.writeBytes(data)
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
