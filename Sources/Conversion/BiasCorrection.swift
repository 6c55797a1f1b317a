// SPDX-License-Identifier: Apache-2.0

import Layers
import Models
import Quantization
import Tensors

/// Biases that make up for what their weights lose in the mean.
///
/// With ŵ in place of w the outputs of a layer change by (ŵ − w) x. Over calibration tokens the mean of
/// that is (ŵ − w) E[x]: a constant, which the bias of the layer takes back, where it has one.
/// Codes that make up for each other's errors do so already, for they see the mean in the moments.
///
/// Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (ICCV
/// 2019), section 4.2, with means that were measured.
struct BiasCorrection {
  private struct Place: Hashable {
    let role: String
    let layer: Int?
  }

  private let weights: [Place: ConversionPlan.Entry]

  /// - Parameter entries: All tensors of a file.
  init(_ entries: [ConversionPlan.Entry]) {
    var weights: [Place: ConversionPlan.Entry] = [:]
    for entry in entries where entry.hasMeanErrors {
      let parameter = entry.source.parameter
      weights[Place(role: parameter.role, layer: parameter.layer)] = entry
    }
    self.weights = weights
  }

  /// The weight whose mean errors a bias makes up for; nil for all other tensors.
  func weight(of entry: ConversionPlan.Entry) -> ConversionPlan.Entry? {
    let parameter = entry.source.parameter
    let ending = ".bias"
    guard parameter.role.hasSuffix(ending), parameter.expertCount == nil, entry.packing == nil,
      entry.constant == nil, entry.channels == .first,
      let weight = weights[
        Place(role: String(parameter.role.dropLast(ending.count)), layer: parameter.layer)],
      weight.source.parameter.shape.dimensions.first == parameter.shape.elementCount
    else { return nil }
    return weight
  }
}

extension ConversionPlan.Entry {
  /// Whether its codes are found one by one, beside known means of what goes in.
  fileprivate var hasMeanErrors: Bool {
    guard source.parameter.expertCount == nil, source.parameter.shape.dimensions.count == 2,
      constant == nil, piece == nil, shape.rowLength > 0
    else { return false }
    let isCoded =
      packing.map { !$0.isCarried } ?? (choice.encoding.elementsPerBlock > 1)
    return isCoded && means(of: 0, columns: shape.rowLength) != nil
      && moments(of: 0, columns: shape.rowLength) == nil
  }
}

/// A vector with a number of its own added to each element.
struct CorrectedVector: Weight.Rows {
  private let vector: Weight
  private let additions: [Double]

  /// - Precondition: There are as many additions as the vector has elements.
  static func weight(_ vector: Weight, adding additions: [Double]) -> Weight {
    precondition(
      additions.count == vector.rows * vector.columns,
      "\(additions.count) ≠ \(vector.rows) x \(vector.columns)")
    return Weight(
      source: vector.source, expander: CorrectedVector(vector: vector, additions: additions),
      rows: vector.rows, columns: vector.columns)
  }

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    vector.decode(rows: rows, into: values)
    let start = rows.lowerBound * vector.columns
    for i in values.indices { values[i] = Float(Double(values[i]) + additions[start + i]) }
  }
}
