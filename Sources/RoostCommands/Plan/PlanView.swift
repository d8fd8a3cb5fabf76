import Roost
import Terminal

/// A plan as people read it.
struct PlanView {
    let planned: PlannedModel
    /// Whether each setting comes with its reason.
    let explains: Bool
    /// Whether it is for a machine that a person described.
    let isDescribed: Bool

    private var plan: ModelPlan { planned.plan }
    private var header: ModelHeader { planned.header }

    func print(on console: Console) {
        console.print(console.styled(header.name.printable, .bold) + "  " + facts.joined(separator: ", ").printable)
        let verdict = plan.fits ? console.styled("Fits", .green) : console.styled("Does not fit", .red)
        console.print("\(verdict) \(place): it needs \(needs).")
        if !planned.machine.assumptions.isEmpty {
            for assumption in planned.machine.assumptions { console.print(console.styled(assumption.printable, .dim)) }
        }
        console.print()
        printMemory(on: console)
        console.print()
        printSettings(on: console)
        console.print()
        printSpeed(on: console)
        guard !plan.advice.isEmpty else { return }
        console.print()
        for sentence in plan.advice { console.print(sentence.printable) }
    }

    // MARK: What it is

    private var facts: [String] {
        let summary = header.summary
        return [
            summary.architecture, "\(HumanReadable.count(summary.parameterCount)) parameters",
            summary.quantization, HumanReadable.bytes(header.byteCount), whereabouts,
        ].compactMap { $0 }
    }

    private var whereabouts: String {
        if header.isHere { return "on this machine" }
        guard header.receivedByteCount > 0 else { return "not downloaded" }
        return "not downloaded (\(HumanReadable.bytes(header.receivedByteCount)) of it fetched)"
    }

    private var place: String {
        isDescribed ? "on a machine with \(planned.machine.description.printable)" : "on this machine"
    }

    private var needs: String {
        let memory =
            "\(HumanReadable.bytes(plan.neededByteCount)) of the \(HumanReadable.bytes(planned.machine.memoryByteCount)) of "
            + "memory that models may take"
        let graphics = plan.memory.devices.filter { !$0.isHost && $0.totalByteCount > 0 }.map { device in
            let own = planned.machine.graphics.first { $0.name == device.device }
            let room = own.map { " of \(HumanReadable.bytes($0.memoryByteCount))" } ?? ""
            return "\(HumanReadable.bytes(device.totalByteCount))\(room) on \(device.device.printable)"
        }
        return ([memory] + graphics).joined(separator: ", ")
    }

    // MARK: Parts

    private func printMemory(on console: Console) {
        let memory = plan.memory
        var table = Table(
            [.left(plan.isExact ? "MEMORY" : "MEMORY (computed)")]
                + memory.devices.map { .right($0.device.printable) } + [.left("")])
        func add(_ name: String, _ note: String = "", _ value: (DeviceMemory) -> Int64?) {
            table.add([name] + memory.devices.map { value($0).map(HumanReadable.bytes) ?? "" } + [note])
        }
        var notes: [String] = []
        if memory.mappedByteCount > 0 {
            notes.append("\(HumanReadable.bytes(memory.mappedByteCount)) mapped from the file")
        }
        if memory.repackedByteCount > 0 {
            notes.append("\(HumanReadable.bytes(memory.repackedByteCount)) in the order of the CPU's kernels")
        }
        add("weights", notes.joined(separator: ", ")) { $0.weightsByteCount }
        add("context", "\(plan.contextLength) tokens, \(plan.options.keyCacheType.rawValue)") { $0.contextByteCount }
        add("computing") { $0.computeByteCount }
        add("logits") { $0.isHost ? memory.outputByteCount : nil }
        add("process") { $0.isHost ? memory.overheadByteCount : nil }
        if memory.projectorByteCount > 0 { add("projector") { $0.isHost ? memory.projectorByteCount : nil } }
        add("together") { $0.totalByteCount + ($0.isHost ? memory.besideByteCount : 0) }
        console.print(table)
    }

    private func printSettings(on console: Console) {
        guard explains else {
            let values = plan.choices.map { "\($0.setting) \($0.value)" }.joined(separator: ", ")
            return console.print("Settings: \(values.printable). --explain says why.")
        }
        var table = Table([.left("SETTING"), .left("VALUE"), .left("WHY", isFlexible: true)])
        for choice in plan.choices { table.add([choice.setting, choice.value, choice.reason]) }
        console.print(table)
    }

    private func printSpeed(on console: Console) {
        let speed = plan.speed
        let source = speed.isMeasured ? "by this machine's measured limits" : "by the makers' specifications"
        if let decode = speed.decodeTokensPerSecond {
            var line = "Speed: at most \(Self.rate(decode)) tokens/s"
            if let full = speed.fullContextTokensPerSecond, Self.rate(full) != Self.rate(decode) {
                line += " (\(Self.rate(full)) with a full context)"
            }
            if let limit = speed.decodeLimit { line += ", bound by \(limit)" }
            if let prefill = speed.prefillTokensPerSecond {
                line += "; prompts at most \(Self.rate(prefill)) tokens/s"
                if let limit = speed.prefillLimit { line += ", bound by \(limit)" }
            }
            console.print("\(line) (\(source)).".printable)
        } else {
            console.print(
                "Speed: unknown; \(HumanReadable.bytes(speed.byteCountPerToken)) of weights are read for each token.")
        }
        if let hint = speed.hint { console.print(console.styled(hint.printable, .dim)) }
    }

    private static func rate(_ value: Double) -> String { HumanReadable.fixed(value, value < 9.95 ? 1 : 0) }
}
