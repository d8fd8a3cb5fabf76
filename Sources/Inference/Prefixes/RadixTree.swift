/// Values by rows of symbols; finds those whose rows begin as a given one does. A trie whose edges are whole runs.
struct RadixTree<Value: Hashable> {
    private struct Node {
        /// The symbols between the parent and this node.
        var label: [Int32]
        var children: [Int32: Int] = [:]
        var values: Set<Value> = []
    }

    /// The root is at 0; removed nodes are used again.
    private var nodes: [Node] = [Node(label: [])]
    private var freeNodes: [Int] = []
    /// Values in it.
    private(set) var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }
    /// Nodes in use, the root included; for tests.
    var nodeCount: Int { nodes.count - freeNodes.count }

    private static func common(_ label: [Int32], _ key: [Int32], from start: Int) -> Int {
        let limit = min(label.count, key.count - start)
        return label.withUnsafeBufferPointer { label in
            key.withUnsafeBufferPointer { key in
                var index = 0
                while index < limit, label[index] == key[start + index] { index += 1 }
                return index
            }
        }
    }

    private mutating func makeNode(_ label: [Int32]) -> Int {
        if let free = freeNodes.popLast() {
            nodes[free] = Node(label: label)
            return free
        }
        nodes.append(Node(label: label))
        return nodes.count - 1
    }

    mutating func insert(_ value: Value, at key: [Int32]) {
        var (node, depth) = (0, 0)
        while depth < key.count {
            guard let child = nodes[node].children[key[depth]] else {
                let leaf = makeNode(Array(key[depth...]))
                nodes[node].children[key[depth]] = leaf
                (node, depth) = (leaf, key.count)
                break
            }
            let shared = Self.common(nodes[child].label, key, from: depth)
            if shared < nodes[child].label.count {
                let upper = makeNode(Array(nodes[child].label[..<shared]))
                nodes[child].label.removeFirst(shared)
                nodes[upper].children[nodes[child].label[0]] = child
                nodes[node].children[key[depth]] = upper
                node = upper
            } else {
                node = child
            }
            depth += shared
        }
        if nodes[node].values.insert(value).inserted { count += 1 }
    }

    mutating func remove(_ value: Value, at key: [Int32]) {
        var (path, depth) = ([0], 0)
        while depth < key.count {
            guard let child = nodes[path[path.count - 1]].children[key[depth]],
                Self.common(nodes[child].label, key, from: depth) == nodes[child].label.count
            else { return }
            depth += nodes[child].label.count
            path.append(child)
        }
        guard nodes[path[path.count - 1]].values.remove(value) != nil else { return }
        count -= 1
        // Nodes that hold nothing go; one that is only on the way to a single other joins it.
        while path.count > 1, let node = path.popLast() {
            guard nodes[node].values.isEmpty, nodes[node].children.count < 2 else { break }
            let parent = path[path.count - 1]
            let first = nodes[node].label[0]
            if let child = nodes[node].children.values.first {
                nodes[child].label = nodes[node].label + nodes[child].label
                nodes[parent].children[first] = child
                free(node)
                break
            }
            nodes[parent].children[first] = nil
            free(node)
        }
    }

    private mutating func free(_ node: Int) {
        nodes[node] = Node(label: [])
        freeNodes.append(node)
    }

    /// Calls `body` with values and how many symbols their rows have in common with `key`, most first, until it says
    /// false. Values with nothing in common are left out.
    func visit(_ key: [Int32], _ body: (_ value: Value, _ commonCount: Int) -> Bool) {
        var path: [(node: Int, common: Int)] = []
        var (node, depth) = (0, 0)
        while depth < key.count, let child = nodes[node].children[key[depth]] {
            let shared = Self.common(nodes[child].label, key, from: depth)
            depth += shared
            path.append((child, depth))
            guard shared == nodes[child].label.count else { break }
            node = child
        }
        var visited = -1
        for (node, common) in path.reversed() {
            guard visitAll(below: node, except: visited, { body($0, common) }) else { return }
            visited = node
        }
    }

    private func visitAll(below start: Int, except visited: Int, _ body: (Value) -> Bool) -> Bool {
        var pending = [start]
        while let node = pending.popLast() {
            for value in nodes[node].values {
                guard body(value) else { return false }
            }
            pending.append(contentsOf: nodes[node].children.values.filter { $0 != visited })
        }
        return true
    }
}
