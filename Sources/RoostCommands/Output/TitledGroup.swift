import Terminal

/// Names and values under a title.
struct TitledGroup: Sendable {
    let title: String
    var rows: [(name: String, value: String)]
}

extension Console {
    /// Prints titled groups, names and values aligned over all of them.
    func print(_ groups: [TitledGroup]) {
        var table = Table([.left(""), .left("")])
        for group in groups {
            for row in group.rows { table.add([row.name, row.value]) }
        }
        // The first line has the columns' titles, which are empty.
        var lines = table.lines().dropFirst()
        for group in groups {
            print(styled(group.title, .bold))
            for line in lines.prefix(group.rows.count) { print("  " + line) }
            lines = lines.dropFirst(group.rows.count)
        }
    }
}
