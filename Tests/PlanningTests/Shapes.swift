import Foundation
import ModelFormats
import Planning
import Testing

/// Geometries of the shapes, read once.
enum Shapes {
    static let all: [String: ModelGeometry] = Dictionary(
        uniqueKeysWithValues: ModelShape.names.compactMap { name in
            (try? ModelShape(name)).flatMap { ModelGeometry([$0.header]) }.map { (name, $0) }
        })

    static func geometry(_ name: String) throws -> ModelGeometry { try #require(all[name]) }
}

/// Machines of every kind.
let describedMachines = [
    "1GB ram, 2 cores", "4GB ram, 4 cores", "8GB ram, 4 cores",
    "32GB ram, 8 cores 50GB/s".replacing(" 50GB/s", with: ""),
    "64GB ram 80GB/s, 16 cores", "6GB gpu, 16GB ram", "rtx 3060, 32GB ram", "rtx 4090, 64GB ram",
    "2x24GB gpu, 64GB ram",
    "24GB gpu, 8GB gpu, 64GB ram", "4x24GB gpu, 256GB ram", "h100, 512GB ram", "m1 8GB", "m2 pro 32GB",
    "m3 ultra 512GB",
]
