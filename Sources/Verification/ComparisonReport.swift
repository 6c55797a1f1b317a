// SPDX-License-Identifier: Apache-2.0

/// What a conversion cost, measured on data beside its original.
package struct ComparisonReport: Sendable {
  /// One of the two models.
  package struct Subject: Sendable {
    package let name: String
    package let path: String
    package let architecture: String
    /// Bytes of all weights.
    package let byteCount: Int
    package let weightCount: Int
    /// Tokens that went through the language model, and the time of all forward passes.
    package let tokenCount: Int
    package let seconds: Double

    package init(
      name: String, path: String, architecture: String, byteCount: Int, weightCount: Int,
      tokenCount: Int, seconds: Double
    ) {
      self.name = name
      self.path = path
      self.architecture = architecture
      self.byteCount = byteCount
      self.weightCount = weightCount
      self.tokenCount = tokenCount
      self.seconds = seconds
    }

    package var bitsPerWeight: Double {
      weightCount > 0 ? Double(byteCount) * 8 / Double(weightCount) : 0
    }
  }

  /// Predictions of one kind.
  package struct Group: Sendable {
    package let name: String
    package let statistics: TokenStatistics
    package let summary: TokenSummary
    /// Whether limits hold for it: prompts are not what a model is asked for.
    package let isGated: Bool

    package init(name: String, statistics: TokenStatistics, isGated: Bool) {
      self.name = name
      self.statistics = statistics
      summary = TokenSummary(statistics)
      self.isGated = isGated
    }
  }

  package let reference: Subject
  package let candidate: Subject
  /// Those that have data.
  package let groups: [Group]
  package let answers: AnswerStatistics
  package let vision: VisionStatistics
  /// Of models that give embeddings of texts; nil for others.
  package let embeddings: EmbeddingStatistics?
  /// In the order of the computation.
  package let blocks: [BlockStatistics.Block]
  /// The layers of the language part, on a sample of the data; empty if they were not measured.
  package let layers: [LayerStatistics]
  /// In the order of the computation.
  package let tensors: [TensorStatistics]
  /// What the files alone show; nil if they were not compared.
  package let structure: StructureReport?
  /// The candidate with activations rounded as llama.cpp rounds them; empty if it was not measured.
  package let rounded: [Group]
  /// The time of its forward passes.
  package let roundedSeconds: Double?
  /// The original beside itself in the candidate's container; empty if it was not measured.
  package let noiseFloor: [Group]

  package init(
    reference: Subject, candidate: Subject, groups: [Group], answers: AnswerStatistics,
    vision: VisionStatistics, embeddings: EmbeddingStatistics? = nil,
    blocks: [BlockStatistics.Block] = [],
    layers: [LayerStatistics] = [], tensors: [TensorStatistics] = [],
    structure: StructureReport? = nil, rounded: [Group] = [],
    roundedSeconds: Double? = nil, noiseFloor: [Group] = []
  ) {
    self.reference = reference
    self.candidate = candidate
    self.groups = groups
    self.answers = answers
    self.vision = vision
    self.embeddings = embeddings
    self.blocks = blocks
    self.layers = layers
    self.tensors = tensors
    self.structure = structure
    self.rounded = rounded
    self.roundedSeconds = roundedSeconds
    self.noiseFloor = noiseFloor
  }

  /// All answers and texts together.
  package var all: TokenStatistics {
    var all = TokenStatistics()
    for group in groups where group.isGated { all.add(group.statistics) }
    return all
  }

  /// How far the candidate is from the reference: the mean KL over all answers and texts, in nats; of
  /// embeddings 1 less their mean cosine.
  package var distance: Double { embeddings.map { 1 - $0.cosine.value } ?? all.meanDivergence }

  package func group(_ name: String) -> Group? { groups.first { $0.name == name } }
}
