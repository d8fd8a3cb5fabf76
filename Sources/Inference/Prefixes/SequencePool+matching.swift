extension SequencePool {
    /// The best beginning there is for a prompt.
    struct Match: Equatable {
        enum Source: Equatable {
            /// A sequence's cells.
            case live(Int32)
            /// A whole state.
            case state(Int)
            /// A checkpoint, over cells of a sequence or of a whole state, or over nothing.
            case checkpoint(Int, base: Base)
        }

        enum Base: Equatable {
            case live(Int32)
            case state(Int)
            case none
        }

        var source: Source
        /// Symbols that need not be computed.
        var count: Int
    }

    /// Finds it. The last symbol is always computed: its logits are needed.
    func match(_ symbols: [Int32], in namespace: PrefixNamespace) -> Match? {
        let limit = symbols.count - 1
        let entries = index.entries(beginning: symbols, in: namespace)
        var best: Match?
        func offer(_ source: Match.Source, _ count: Int) {
            // Of equals the first: a sequence comes before states.
            if count >= Self.leastCount, count > best?.count ?? 0 { best = Match(source: source, count: count) }
        }
        var live: [(sequence: Int32, count: Int)] = []
        var states: [(number: Int, count: Int)] = []
        for (entry, common) in entries {
            switch entry {
            case .live(let sequence):
                let count = min(common, ledger.symbolCount(of: sequence), limit)
                live.append((sequence, count))
                if canResume(sequence, symbols, at: count) { offer(.live(sequence), count) }
            case .saved(let number):
                guard let state = index.saved[number], !state.isPartial else { continue }
                states.append((number, min(common, limit)))
            }
        }
        for (number, count) in states {
            let whole = index.saved[number]?.symbols.count ?? 0
            if memoryKind.isPlain {
                offer(.state(number), count)
            } else if whole == count {
                offer(.state(number), count)
            }
        }
        for (entry, common) in entries {
            guard case .saved(let number) = entry, let state = index.saved[number], state.isPartial,
                state.symbols.count == common, common <= limit
            else { continue }
            if memoryKind.isPurelyRecurrent {
                offer(.checkpoint(number, base: .none), common)
            } else if let base = live.first(where: { $0.count >= common }) {
                offer(.checkpoint(number, base: .live(base.sequence)), common)
            } else if let base = states.first(where: { $0.count >= common }) {
                offer(.checkpoint(number, base: .state(base.number)), common)
            }
        }
        return best
    }

    /// Whether the sequence, cut to `count` symbols, is as if it had been computed so far only.
    private func canResume(_ sequence: Int32, _ symbols: [Int32], at count: Int) -> Bool {
        guard count > 0 else { return false }
        if memoryKind.isPlain || count == ledger.symbolCount(of: sequence) { return true }
        if memoryKind.isRecurrent { return false }
        return context.canResume(sequence, at: table.positionCount(of: symbols[..<count]))
    }

    /// Gives a new sequence the beginning of `symbols` that is there already. Returns the sequence, which runs from
    /// here on, and how many symbols it holds; `nil` when no sequence is free.
    func begin(_ symbols: [Int32], in namespace: PrefixNamespace) -> (sequence: Int32, count: Int)? {
        let found = match(symbols, in: namespace)
        // One that was kept and is wholly the beginning of this goes on itself: nothing of it is lost.
        if let found, case .live(let source) = found.source, let live = index.live[source], !live.isRunning,
            found.count == live.symbols.count
        {
            run(source, namespace: namespace, symbols: symbols)
            return (source, found.count)
        }
        if let found {
            // Before a sequence is taken, which may be the one that is kept longest.
            switch found.source {
            case .live(let source), .checkpoint(_, base: .live(let source)): index.touch(.live(source))
            case .state, .checkpoint: break
            }
        }
        guard let target = takeSequence() else { return nil }
        // Taking it may have moved what was found from the cache to RAM.
        let match = found.flatMap { isThere($0, but: target) ? $0 : self.match(symbols, in: namespace) }
        run(target, namespace: namespace, symbols: symbols)
        guard let match, materialize(match, symbols, in: target) else {
            context.remove(target)
            ledger.removeAll(of: target)
            return (target, 0)
        }
        return (target, match.count)
    }

    private func isThere(_ match: Match, but target: Int32) -> Bool {
        switch match.source {
        case .live(let source), .checkpoint(_, base: .live(let source)):
            source != target && index.live[source] != nil
        case .state(let number): index.saved[number] != nil
        case .checkpoint(let number, _): index.saved[number] != nil
        }
    }

    /// Makes `target` hold what was found; false when it turns out not to be.
    private func materialize(_ match: Match, _ symbols: [Int32], in target: Int32) -> Bool {
        let position = table.positionCount(of: symbols[..<match.count])
        switch match.source {
        case .live(let source):
            copy(source, to: target, count: match.count, position: position)
        case .state(let number):
            guard restore(number, in: target) else { return false }
        case .checkpoint(let number, let base):
            switch base {
            case .live(let source): copy(source, to: target, count: match.count, position: position)
            case .state(let number): guard restore(number, in: target) else { return false }
            case .none: break
            }
            guard let bytes = index.bytes(of: number), context.setState(bytes, of: target, isPartial: true) else {
                index.removeSaved(number)
                return false
            }
            if base == .none { setHeld(symbols[..<match.count], of: target) }
        }
        context.remove(target, from: position)
        ledger.truncate(target, to: match.count)
        // The engine has the last word.
        return context.positions(of: target)?.upperBound == position - 1 && context.canResume(target, at: position)
    }

    /// Gives `target` a whole state from RAM.
    private func restore(_ number: Int, in target: Int32) -> Bool {
        guard let symbols = index.saved[number]?.symbols, makeRoom(table.cellCount(of: symbols)),
            let bytes = index.bytes(of: number)
        else { return false }
        guard context.setState(bytes, of: target, isPartial: false) else {
            index.removeSaved(number)
            return false
        }
        setHeld(symbols[...], of: target)
        return true
    }
}
