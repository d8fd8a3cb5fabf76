import Inference

/// The bytes of the engine's buffers for intermediate results.
///
/// They are as large as the stage of the computation that holds most at once. What each stage holds was found by asking
/// llama.cpp for models whose sizes differ in one number at a time; where its allocator leaves gaps the larger figure
/// is taken.
struct ComputeSize {
    /// Bytes of the buffer where layers are computed, of each layer.
    let layers: [Int64]
    /// The same where the output layer is.
    let output: Int64
    /// Inputs of each device: masks, positions, the embeddings of the tokens.
    let masks: Int64
    /// What the CPU's back end converts the inputs of a multiplication in, where it computes layers.
    let work: Int64
    /// On the host, when all layers are elsewhere.
    let input: Int64

    init(of geometry: ModelGeometry, in context: ContextSize, cache: CacheSize, usesFlashAttention: Bool) {
        let batch = Double(context.microBatchSize)
        let width = Double(geometry.embeddingLength)
        let maskWidth = usesFlashAttention ? 2.0 : 4.0
        // Without a cache a text's tokens look at each other alone.
        let cells = geometry.hasMemory ? Double(cache.cellCount) : batch
        let looksAtAll = geometry.layers.contains { !$0.isSliding && ($0.cachedHeadCount > 0 || !geometry.hasMemory) }
        let maskCells = (looksAtAll ? cells : 0) + Double(cache.windowCellCount)
        let masks = maskWidth * maskCells * batch + 64 * batch
        let stages = Stages(geometry: geometry, batch: batch, width: width, cells: cells, fused: usesFlashAttention)
        layers = geometry.layers.map { layer in
            let perToken = max(
                stages.feedForward(layer), stages.attention(layer, Double(cache.windowCellCount)),
                stages.recurrence(layer))
            let states = Double(layer.stateCount + 2 * layer.convolutionCount) * Double(context.sequenceCount)
            let all = 4 * batch * perToken + (stages.recurrence(layer) == perToken ? 4 * states : 0)
            return Int64(bytes: masks + all)
        }
        let outputs = min(Double(context.outputCount), batch)
        // An encoder gives vectors, no logits.
        let logits = geometry.hasMemory ? 4 * outputs * Double(geometry.vocabularyCount) : 0
        output = Int64(bytes: logits + 8 * batch * width)
        self.masks = Int64(bytes: masks)
        let widest = geometry.layers.map(stages.widest).max() ?? 0
        work = Int64(bytes: 2 * batch * max(widest, width))
        input = Int64(bytes: masks + 4 * batch * width)
    }

    /// Values (32-bit floats) for each token that stages of a layer hold at once.
    private struct Stages {
        let geometry: ModelGeometry
        let batch: Double
        let width: Double
        let cells: Double
        let fused: Bool

        /// The residual stream, the part's input and output, and the attention's result.
        private func base(_ layer: ModelGeometry.Layer) -> Double {
            let values = geometry.latentAttention?.valueLength ?? layer.keyLength
            return 3 * width + (layer.cachedHeadCount > 0 ? Double(layer.headCount * values) : 0)
        }

        func feedForward(_ layer: ModelGeometry.Layer) -> Double {
            // Without a gate the activation is computed in place.
            let dense = layer.isGated ? 3 * Double(layer.feedForwardLength) : Double(layer.feedForwardLength)
            guard layer.expertLength > 0, layer.weights.contains(where: \.isExpert) else { return dense + base(layer) }
            let used = Double(max(1, geometry.usedExpertCount))
            let inner = used * Double(layer.expertLength)
            // What the experts give is put where gate and up were, if there is room.
            let outer = used * width > 2 * inner ? used * width : 0
            let stage = 3 * inner + outer + base(layer)
            guard let latent = geometry.latentAttention else { return stage }
            return max(stage, self.latent(latent, layer) + 2 * inner)
        }

        func attention(_ layer: ModelGeometry.Layer, _ windowCells: Double) -> Double {
            guard layer.headCount > 0 else { return 0 }
            guard geometry.hasMemory else { return fused ? 7 * width : Double(layer.headCount) * cells + 6 * width }
            guard layer.cachedHeadCount > 0 else { return 0 }
            let latent = geometry.latentAttention
            let length = latent.map { $0.rank + $0.rotatedLength } ?? layer.keyLength
            let query = Double(layer.headCount) * Double(length)
            let kept = Double(layer.cachedHeadCount * (layer.keyLength + layer.valueLength))
            if fused {
                if let latent { return self.latent(latent, layer) }
                return 2 * query + kept + 2 * width
            }
            let seen = layer.isSliding ? windowCells : cells
            return Double(layer.headCount) * seen + 3 * query + 2 * width + kept
        }

        private func latent(_ latent: ModelGeometry.LatentAttention, _ layer: ModelGeometry.Layer) -> Double {
            let head = 2 * (latent.rank + latent.rotatedLength) + latent.keyLength
            return Double(layer.headCount) * Double(head) + 4 * width
        }

        /// The widest input of a multiplication with weights.
        func widest(_ layer: ModelGeometry.Layer) -> Double {
            let experts = layer.expertLength * max(1, geometry.usedExpertCount)
            return Double(max(layer.feedForwardLength, layer.headCount * layer.keyLength, experts))
        }

        func recurrence(_ layer: ModelGeometry.Layer) -> Double {
            guard layer.stateCount + layer.convolutionCount > 0 else { return 0 }
            return Double(geometry.recurrentInputLength) + 3 * Double(geometry.convolutionLength) + 3 * width
        }
    }
}
