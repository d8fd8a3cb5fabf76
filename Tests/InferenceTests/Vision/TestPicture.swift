import Foundation

/// Pictures as files, made here: PNG without compression, BMP, and JPEG for grey ones.
struct TestPicture {
    let width: Int
    let height: Int
    /// Red, green, blue of each pixel, row by row.
    let pixels: [UInt8]

    /// A picture whose pixels are `color(x, y)`.
    init(_ width: Int, _ height: Int, color: (Int, Int) -> (UInt8, UInt8, UInt8)) {
        self.width = width
        self.height = height
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let (red, green, blue) = color(x, y)
                pixels += [red, green, blue]
            }
        }
        self.pixels = pixels
    }

    /// Stripes that run down.
    static let stripes = TestPicture(64, 64) { x, _ in x / 8 % 2 == 0 ? (250, 20, 20) : (20, 20, 250) }
    /// A circle of light.
    static let circle = TestPicture(100, 80) { x, y in
        let (right, down) = (x - 50, y - 40)
        let distance: Int = right * right + down * down
        return distance < 900 ? (255, 255, 200) : (UInt8(x), 60, UInt8(y))
    }

    /// As a PNG file (RFC 2083), its data stored in blocks of deflate (RFC 1951).
    var png: Data {
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)
            rows += pixels[y * width * 3..<(y + 1) * width * 3]
        }
        var stored: [UInt8] = [0x78, 0x01]
        var start = 0
        while start < rows.count {
            let block = rows[start..<min(start + 65535, rows.count)]
            start += block.count
            let length = UInt16(block.count)
            stored.append(start == rows.count ? 1 : 0)
            for value in [length, ~length] { stored += [UInt8(value & 255), UInt8(value >> 8)] }
            stored += block
        }
        stored += Self.bigEndian(Self.adler(rows))
        return Self.file(width, height, stored)
    }

    /// As a BMP file of 24 bits a pixel; rows run from the bottom, padded to four bytes.
    var bmp: Data {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        let padding = [UInt8](repeating: 0, count: (4 - width * 3 % 4) % 4)
        var rows: [UInt8] = []
        for y in (0..<height).reversed() {
            for x in 0..<width {
                let start = (y * width + x) * 3
                rows += pixels[start..<start + 3].reversed()
            }
            rows += padding
        }
        var file = Array("BM".utf8)
        for value in [54 + rows.count, 0, 54, 40, width, height] { file += little(value, 4) }
        file += little(1, 2) + little(24, 2)
        for value in [0, rows.count, 0, 0, 0, 0] { file += little(value, 4) }
        return Data(file + rows)
    }

    /// Grey squares of 8 × 8 pixels.
    static let squares = TestPicture(64, 48) { x, y in
        let grey = UInt8((x / 8 * 37 + y / 8 * 91) % 256)
        return (grey, grey, grey)
    }

    /// As a JPEG file (ITU T.81) of one component, for a picture of grey squares of 8 × 8 pixels: each block has its mean
    /// and nothing else. Means have codes of 4 bits for their size, what would follow one of 1 bit for “no more”.
    var jpeg: Data {
        var bits: [UInt8] = []
        var last = 0
        for y in stride(from: 0, to: height, by: 8) {
            for x in stride(from: 0, to: width, by: 8) {
                let mean = Int(pixels[(y * width + x) * 3]) - 128
                let difference = mean - last
                last = mean
                let size = Int.bitWidth - difference.magnitude.leadingZeroBitCount
                let value = difference < 0 ? difference + (1 << size) - 1 : difference
                bits += (0..<4).map { UInt8(size >> (3 - $0) & 1) }
                bits += (0..<size).map { UInt8(value >> (size - 1 - $0) & 1) }
                bits.append(0)
            }
        }
        while bits.count % 8 != 0 { bits.append(1) }
        var file: [UInt8] = [0xFF, 0xD8]
        func segment(_ mark: UInt8, _ data: [UInt8]) {
            file += [0xFF, mark, UInt8((data.count + 2) >> 8), UInt8((data.count + 2) & 255)] + data
        }
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        segment(0xDB, [0] + [UInt8](repeating: 8, count: 64))
        segment(0xC0, [8, 0, UInt8(height), 0, UInt8(width), 1, 1, 0x11, 0])
        segment(0xC4, [0x00, 0, 0, 0, 9] + zeros(12) + Array(0...8))
        segment(0xC4, [0x10, 1] + zeros(15) + [0])
        segment(0xDA, [1, 1, 0x00, 0, 63, 0])
        for start in stride(from: 0, to: bits.count, by: 8) {
            let byte = bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
            file += byte == 0xFF ? [0xFF, 0] : [byte]
        }
        return Data(file + [0xFF, 0xD9])
    }

    /// A PNG file that says it has this size and has no pixels.
    static func claim(_ width: Int, _ height: Int) -> Data {
        file(width, height, [0x78, 0x01, 1, 0, 0, 255, 255, 0, 0, 0, 1])
    }

    private static func file(_ width: Int, _ height: Int, _ compressed: [UInt8]) -> Data {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        bytes += chunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 2, 0, 0, 0])
        bytes += chunk("IDAT", compressed)
        bytes += chunk("IEND", [])
        return Data(bytes)
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(crc(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return b << 16 | a
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
