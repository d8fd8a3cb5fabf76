import CSandbox

/// What a process does with memory that it has freed.
public enum FreedMemory {
    /// Has blocks of 128 KiB and more go back to the system when they are freed, in the whole process, from now on.
    ///
    /// By itself glibc keeps them: the first large block that is freed raises the threshold (`M_MMAP_THRESHOLD` in
    /// mallopt(3)), and from then on each of its arenas, eight for each core, holds on to its largest need, such as the
    /// header of a model that is looked at before it is loaded. With other C libraries this does nothing.
    ///
    /// For a program whose models run in workers: the engine asks for large blocks all the time and is faster when
    /// they are kept.
    public static func returnToSystem() { roost_return_freed_memory() }
}
