import ModelFixtures
import Testing

@testable import Inference

@Suite("Prefixes by their symbols")
struct PrefixIndexTests {
    private let home = PrefixNamespace(tenant: "a")

    @Test("The radix tree finds what a plain search finds, through all insertions and removals")
    func radixModel() {
        var random = SeededGenerator(seed: 11)
        var tree = RadixTree<Int>()
        var rows: [Int: [Int32]] = [:]
        func row() -> [Int32] {
            (0..<Int.random(in: 1...12, using: &random)).map { _ in Int32.random(in: 0...2, using: &random) }
        }
        for step in 0..<2000 {
            if rows.count > 40 || (step.isMultiple(of: 3) && !rows.isEmpty),
                let (value, key) = rows.randomElement(using: &random)
            {
                tree.remove(value, at: key)
                rows[value] = nil
            } else {
                rows[step] = row()
                tree.insert(step, at: rows[step] ?? [])
            }
            #expect(tree.count == rows.count)
            let key = row()
            var found: [Int: Int] = [:]
            var order: [Int] = []
            tree.visit(key) { value, common in
                found[value] = common
                order.append(common)
                return true
            }
            let expected = rows.mapValues { row in zip(row, key).prefix { $0 == $1 }.count }.filter { $0.value > 0 }
            #expect(found == expected)
            #expect(order == order.sorted(by: >))
        }
        for (value, key) in rows { tree.remove(value, at: key) }
        #expect(tree.isEmpty)
        #expect(tree.nodeCount == 1)
    }

    @Test("States stay below their limit; what was not used for longest goes first")
    func byteLimit() {
        var index = PrefixIndex(byteLimit: 1000)
        for number in 0..<4 {
            index.save(
                [UInt8](repeating: 0, count: 300), namespace: home, symbols: [1, 2, Int32(number)], isPartial: false)
            if number == 2 {
                // The first is used, so the second goes.
                for (entry, common) in index.entries(beginning: [1, 2, 0], in: home) where common == 3 {
                    index.touch(entry)
                }
            }
        }
        #expect(index.savedByteCount == 900)
        #expect(Set(index.saved.values.map { $0.symbols[2] }) == [0, 2, 3])
        let isSaved = index.save([UInt8](repeating: 0, count: 1001), namespace: home, symbols: [5], isPartial: false)
        #expect(!isSaved)
        index.save([1], namespace: home, symbols: [1, 2, 0], isPartial: false)
        #expect(index.saved.count == 3)
        index.removeAllSaved()
        #expect(index.savedByteCount == 0)
        #expect(index.entries(beginning: [1, 2, 0], in: home).isEmpty)
    }

    @Test("Nothing is found under another tenant's name or other scales")
    func namespaces() {
        var index = PrefixIndex(byteLimit: 1000)
        index.setLive(3, namespace: home, symbols: [1, 2, 3], isRunning: false)
        #expect(index.entries(beginning: [1, 2], in: home).count == 1)
        let others = [
            PrefixNamespace(tenant: "b"), PrefixNamespace(tenant: ""),
            PrefixNamespace(tenant: "a", adapterScales: [:]), PrefixNamespace(tenant: "a", adapterScales: ["x": 1]),
            PrefixNamespace(tenant: "a", privateNumber: 1),
        ]
        for other in others { #expect(index.entries(beginning: [1, 2], in: other).isEmpty) }
        // Names that run into each other stay apart where they are saved, too.
        let identities =
            [home] + others.dropLast() + [
                PrefixNamespace(tenant: "a", adapterScales: ["x": 2]),
                PrefixNamespace(tenant: "a", adapterScales: ["y": 1]),
                PrefixNamespace(tenant: "a", adapterScales: ["x": 1, "y": 1]), PrefixNamespace(tenant: "1:a"),
            ]
        #expect(Set(identities.map(\.identity)).count == identities.count)
    }

    @Test("A state from elsewhere is read when it is first of use; one that cannot be read is forgotten")
    func elsewhere() {
        struct Broken: Error {}
        var index = PrefixIndex(byteLimit: 1000)
        index.addElsewhere(namespace: home, symbols: [1, 2], isPartial: false, byteCount: 3) { [7, 8, 9] }
        index.addElsewhere(namespace: home, symbols: [1, 3], isPartial: false, byteCount: 3) { throw Broken() }
        #expect(index.savedByteCount == 0)
        for (number, state) in index.saved {
            let bytes = index.bytes(of: number)
            #expect(bytes == (state.symbols == [1, 2] ? [7, 8, 9] : nil))
        }
        #expect(index.savedByteCount == 3)
        #expect(index.saved.count == 1)
    }
}
