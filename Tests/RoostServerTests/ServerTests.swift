import Testing

/// All tests that run a server, one after the other: each has an engine that would take the others' processors.
@Suite(.serialized) enum ServerTests {}
