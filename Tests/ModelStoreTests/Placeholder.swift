// Filled by its room's first change.
