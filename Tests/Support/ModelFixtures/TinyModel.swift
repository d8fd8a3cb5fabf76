import Foundation
import ModelFormats

/// A model of a few hundred kB with random weights that the engine loads and runs: real in everything but sense.
///
/// Weights depend on `seed` alone, so the same call gives the same bytes everywhere. Rows of control tokens are zero
/// in the output, so that greedy generation does not stop by itself.
///
/// ```swift
/// try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: url)
/// ```
public struct TinyModel: Sendable {
    /// A ChatML template for `llama` and `qwen2`, whose vocabularies have `<|im_start|>` and `<|im_end|>`.
    public static let chatML = """
        {%- for message in messages -%}
        {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
        """

    /// Gemma's template for `gemma3`, whose vocabulary has `<start_of_turn>` and `<end_of_turn>`.
    public static let gemmaTemplate = """
        {{- bos_token -}}
        {%- for message in messages -%}
        {{- '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' -}}
        {{- message['content'] + '<end_of_turn>\\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}
        """

    /// The metadata in the order of the file. Change it to make variants.
    public var metadata: [(key: String, value: GGUFValue)]
    /// The tensors in the order of the file.
    var tensors: [TinyTensor]
    /// What the weights depend on.
    public let seed: UInt64
    /// The place of the first tensor in the whole model, for a part of one.
    var firstTensorIndex = 0

    /// The value of a metadata key; setting `nil` removes it.
    public subscript(key: String) -> GGUFValue? {
        get { metadata.first { $0.key == key }?.value }
        set {
            let index = metadata.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): metadata[index].value = value
            case (let index?, nil): metadata.remove(at: index)
            case (nil, let value?): metadata.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// A writer with this model's metadata and tensors.
    ///
    /// - Throws: `GGUFError`.
    public func writer(version: UInt32 = 3, alignment: UInt32 = 32) throws -> GGUFWriter {
        var writer = try GGUFWriter(version: version, alignment: alignment)
        for (key, value) in metadata { writer.set(key, value) }
        for tensor in tensors { try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type) }
        return writer
    }

    /// Writes the model to a file.
    ///
    /// - Throws: `GGUFError`.
    public func write(to url: URL) throws {
        try writer().write(to: url, tensorData: data)
    }

    /// The model as bytes.
    ///
    /// - Throws: `GGUFError`.
    public func bytes(version: UInt32 = 3, alignment: UInt32 = 32) throws -> [UInt8] {
        try writer(version: version, alignment: alignment).bytes(tensorData: data)
    }

    private func data(of info: GGUFTensorInfo, sink: GGUFWriter.Sink) throws {
        guard let index = tensors.firstIndex(where: { $0.name == info.name }) else { return }
        var generator = SeededGenerator(seed: seed &+ UInt64(firstTensorIndex + index) &* 0x1_0001)
        try tensors[index].write(using: &generator, to: sink)
    }
}
