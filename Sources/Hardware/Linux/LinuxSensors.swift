import Foundation

/// Temperatures, power and fans as Linux tells of them.
///
/// Formats: https://docs.kernel.org/hwmon/sysfs-interface.html, https://docs.kernel.org/driver-api/thermal/.
struct LinuxSensors {
    let files: SystemFiles

    func read() -> [Sensor] {
        let chips = monitors()
        // A thermal zone is often the same sensor again.
        let known = Set(chips.filter { $0.quantity == .temperature }.map(\.source))
        return chips + zones().filter { !known.contains($0.source) && !known.contains(Self.plain($0.source)) }
    }

    private static func plain(_ name: String) -> String { name.replacing("-", with: "_") }

    private func monitors() -> [Sensor] {
        let folder = "/sys/class/hwmon"
        return files.names(in: folder).flatMap { chip -> [Sensor] in
            let path = "\(folder)/\(chip)"
            guard let name = files.line("\(path)/name") else { return [] }
            return files.names(in: path).compactMap { file in
                guard let (quantity, scale) = Self.quantity(of: file), let value = files.number("\(path)/\(file)")
                else {
                    return nil
                }
                let stem = file.prefix { $0 != "_" }
                let critical = ["crit", "cap_max"].lazy.compactMap { files.number("\(path)/\(stem)_\($0)") }.first
                let reading = Sensor(
                    source: name, label: files.line("\(path)/\(stem)_label"), quantity: quantity,
                    value: Double(value) / scale, critical: critical.map { Double($0) / scale })
                return Self.isPlausible(reading) ? reading : nil
            }
        }
    }

    /// What a file measures, and the kernel's unit: thousandths of degrees, millionths of watts, turns per minute.
    private static func quantity(of file: String) -> (Sensor.Quantity, Double)? {
        let number = { (prefix: String, suffix: String) in
            file.hasPrefix(prefix) && file.hasSuffix(suffix)
                && Int(file.dropFirst(prefix.count).dropLast(suffix.count)) != nil
        }
        if number("temp", "_input") { return (.temperature, 1000) }
        if number("power", "_average") || number("power", "_input") { return (.power, 1_000_000) }
        if number("fan", "_input") { return (.fan, 1) }
        return nil
    }

    private func zones() -> [Sensor] {
        let folder = "/sys/class/thermal"
        return files.names(in: folder).filter { $0.hasPrefix("thermal_zone") }.compactMap { zone in
            guard let value = files.number("\(folder)/\(zone)/temp") else { return nil }
            let path = "\(folder)/\(zone)"
            let critical = (0..<16).first { files.line("\(path)/trip_point_\($0)_type") == "critical" }
                .flatMap { files.number("\(path)/trip_point_\($0)_temp") }
            let reading = Sensor(
                source: files.line("\(path)/type") ?? zone, quantity: .temperature, value: Double(value) / 1000,
                critical: critical.map { Double($0) / 1000 })
            return Self.isPlausible(reading) ? reading : nil
        }
    }

    /// Unconnected inputs say −128 °C, 0 or 255.
    private static func isPlausible(_ sensor: Sensor) -> Bool {
        switch sensor.quantity {
        case .temperature: sensor.value > -40 && sensor.value < 200 && sensor.value != 0
        case .power: sensor.value >= 0 && sensor.value < 10_000
        case .fan: sensor.value >= 0 && sensor.value < 100_000
        }
    }
}
