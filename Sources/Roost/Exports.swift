// `import Roost` is enough to use the library: the types of its API live in the rooms below.
@_exported import ChatHistory
@_exported import Downloads
@_exported import Hardware
@_exported import Inference
@_exported import ModelFormats
@_exported import ModelHubs
@_exported import ModelStore
@_exported import Planning
@_exported import RemoteEngines
@_exported import Security
@_exported import Workers
