import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A terminal switched to giving each key at once, and back.
final class RawMode: Sendable {
    private let descriptor: Int32
    private let original = Mutex<termios?>(nil)

    /// Does not switch yet.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { leave() }

    /// Switches to raw input; false when the descriptor is not a terminal. Output stays as it is (line feeds are
    /// still translated).
    func enter() -> Bool {
        original.withLock { original in
            if original != nil { return true }
            var settings = termios()
            guard tcgetattr(descriptor, &settings) == 0 else { return false }
            let saved = settings
            settings.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
            settings.c_cflag |= tcflag_t(CS8)
            settings.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
            // At least one byte, no time limit (VMIN, VTIME).
            withUnsafeMutableBytes(of: &settings.c_cc) { characters in
                characters[Int(VMIN)] = 1
                characters[Int(VTIME)] = 0
            }
            guard tcsetattr(descriptor, TCSADRAIN, &settings) == 0 else { return false }
            original = saved
            return true
        }
    }

    /// Gives the terminal its settings from before `enter`.
    func leave() {
        original.withLock { original in
            guard var settings = original else { return }
            tcsetattr(descriptor, TCSADRAIN, &settings)
            original = nil
        }
    }
}
