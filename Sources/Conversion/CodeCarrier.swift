// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Quantization
import Tensors

/// Carries packed codes over into another convention: the same codes, with numbers that mean the
/// same there.
///
/// `−zero · scale` becomes a bias, and a bias that is a whole multiple of its scale a zero point.
struct CodeCarrier {
  private let weight: PackedWeight
  private let packing: PackedEncoding
  private var row: PackedRow
  /// So many groups there are to one here.
  private let share: Int
  private let groups: Int

  init(_ weight: PackedWeight, _ packing: PackedEncoding) {
    self.weight = weight
    self.packing = packing
    row = PackedRow(of: weight)
    share = max(1, weight.scheme.groupSize / packing.scheme.groupSize)
    groups = (weight.columns + packing.scheme.groupSize - 1) / packing.scheme.groupSize
  }

  /// How a weight can be carried over to a family, or why it cannot.
  ///
  /// - Parameters:
  ///   - weight: What is carried.
  ///   - family: MLX or compressed-tensors.
  ///   - numbers: The encoding that scales must have; nil for the narrowest that is exact, among
  ///     that of the source and F32.
  /// - Returns: The packing, or the obstacle.
  static func packing(
    of weight: PackedWeight, for family: PackedScheme.Family, numbers: Encoding?
  ) -> Result<PackedEncoding, Obstacle> {
    let scheme = weight.scheme
    guard weight.groupOfInput == nil else {
      return .failure(Obstacle("its groups are not consecutive (act-order)"))
    }
    if scheme.grid != .integer {
      guard family == .mlx, weight.isPlainScale else {
        return .failure(Obstacle("\(family.rawValue) has no such numbers here"))
      }
      return .success(
        PackedEncoding(
          scheme: PackedScheme(
            family: family, grid: scheme.grid, bits: scheme.bits, groupSize: scheme.groupSize,
            offset: .none), numbers: nil, isCarried: true))
    }
    switch family {
    case .mlx: return mlx(weight, numbers: numbers)
    case .compressedTensors: return compressedTensors(weight, numbers: numbers)
    case .gptq, .awq, .mxfp4: return .failure(Obstacle("\(family.rawValue) cannot be written"))
    }
  }

  /// Why codes cannot be carried over.
  struct Obstacle: Error {
    let sentence: String
    init(_ sentence: String) { self.sentence = sentence }
  }

  private static func mlx(
    _ weight: PackedWeight, numbers: Encoding?
  ) -> Result<PackedEncoding, Obstacle> {
    let scheme = weight.scheme
    guard [2, 3, 4, 5, 6, 8].contains(scheme.bits) else {
      return .failure(Obstacle("MLX has no codes of \(scheme.bits) bits"))
    }
    guard
      let size = [128, 64, 32].first(where: {
        scheme.groupSize % $0 == 0 && weight.columns % $0 == 0
      })
    else { return .failure(Obstacle("MLX has no groups of \(scheme.groupSize)")) }
    var carried = numbers ?? weight.scaleTensor.encoding
    if numbers == nil, scheme.offset != .bias, !hasExactBiases(weight, as: carried) {
      carried = .f32
    }
    return .success(
      PackedEncoding(
        scheme: PackedScheme(
          family: .mlx, grid: .integer, bits: scheme.bits, groupSize: size, offset: .bias),
        numbers: carried, isCarried: true))
  }

  private static func compressedTensors(
    _ weight: PackedWeight, numbers: Encoding?
  ) -> Result<PackedEncoding, Obstacle> {
    var offset = weight.scheme.offset
    if offset == .bias {
      guard hasWholeZeros(weight) else {
        return .failure(Obstacle("its biases are no whole multiples of its scales"))
      }
      offset = .zeroPoint
    }
    return .success(
      PackedEncoding(
        scheme: PackedScheme(
          family: .compressedTensors, grid: .integer, bits: weight.scheme.bits,
          groupSize: weight.scheme.groupSize, offset: offset),
        numbers: numbers ?? weight.scaleTensor.encoding, isCarried: true))
  }

  /// Whether an encoding holds every `−zero · scale`.
  private static func hasExactBiases(_ weight: PackedWeight, as encoding: Encoding) -> Bool {
    guard encoding != .f32 else { return true }
    var row = PackedRow(of: weight)
    for index in 0..<weight.rows {
      weight.readNumbers(index, into: &row)
      for (scale, zero) in zip(row.scales, row.offsets) {
        let bias = -zero * scale
        let stored =
          encoding == .f16
          ? HalfPrecision.decoded(half: HalfPrecision.encodedHalf(bias))
          : HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat(bias))
        if stored != bias { return false }
      }
    }
    return true
  }

  /// Whether every bias is minus a code times its scale.
  private static func hasWholeZeros(_ weight: PackedWeight) -> Bool {
    var row = PackedRow(of: weight)
    let highest = Float((1 << weight.scheme.bits) - 1)
    for index in 0..<weight.rows {
      weight.readNumbers(index, into: &row)
      for (scale, bias) in zip(row.scales, row.offsets) {
        let zero = CodeCarrier.zero(bias: bias, scale: scale)
        guard scale >= 0, (0...highest).contains(zero), -zero * scale == bias else { return false }
      }
    }
    return true
  }

  private static func zero(bias: Float, scale: Float) -> Float {
    scale == 0 ? 0 : (-bias / scale).rounded()
  }

  /// The planes of some rows, by their places among the stored ones, and how far what they mean is
  /// from what they meant.
  mutating func planes(
    of rows: some Collection<Int>
  ) -> (planes: PackedTileEncoder.Planes, distortion: Distortion) {
    let codes = PackedCodes(grid: weight.scheme.grid, bits: weight.scheme.bits)
    let codeBytes = (weight.columns * weight.scheme.bits + 31) / 32 * 4
    let scaleBytes = packing.numbers?.bytesPerBlock ?? 1
    let isBias = packing.scheme.offset == .bias
    let offsetBytes = isBias ? scaleBytes : packing.scheme.offset == .zeroPoint ? 1 : 0
    var planes = PackedTileEncoder.Planes(
      codes: [UInt8](repeating: 0, count: rows.count * codeBytes),
      scales: [UInt8](repeating: 0, count: rows.count * groups * scaleBytes),
      offsets: [UInt8](repeating: 0, count: rows.count * groups * offsetBytes))
    var distortion = Distortion()
    var values = [Float](repeating: 0, count: weight.columns)
    var carried = values
    for (place, index) in rows.enumerated() {
      weight.read(index, into: &row)
      planes.codes.withUnsafeMutableBytes { bytes in
        row.codes.withUnsafeBufferPointer {
          codes.pack(
            $0,
            into: UnsafeMutableRawBufferPointer(
              rebasing: bytes[place * codeBytes..<(place + 1) * codeBytes]))
        }
      }
      values.withUnsafeMutableBufferPointer { weight.decode(rows: index..<index + 1, into: $0) }
      guard let numbers = packing.numbers else {
        let start = place * groups
        planes.scales.replaceSubrange(
          start..<start + groups, with: weight.scaleBytes(of: index))
        distortion.add(values, decoded: values)
        continue
      }
      let scales = (0..<groups).map { rounded(row.scales[$0 / share], to: numbers) }
      let offsets = (0..<groups).map { offset(of: $0 / share, as: numbers) }
      PackedTileEncoder.write(scales, as: numbers, at: place, in: &planes.scales)
      if isBias {
        PackedTileEncoder.write(offsets, as: numbers, at: place, in: &planes.offsets)
      } else if offsetBytes > 0 {
        for (group, zero) in offsets.enumerated() {
          planes.offsets[place * groups + group] = UInt8(min(max(zero, 0), 255))
        }
      }
      expand(scales: scales, offsets: offsets, isBias: isBias, into: &carried)
      distortion.add(values, decoded: carried)
    }
    return (planes, distortion)
  }

  private func offset(of group: Int, as numbers: Encoding) -> Float {
    let (scale, offset) = (row.scales[group], row.offsets[group])
    switch (weight.scheme.offset, packing.scheme.offset) {
    case (.bias, .bias): return rounded(offset, to: numbers)
    case (.bias, _): return CodeCarrier.zero(bias: offset, scale: scale)
    case (_, .bias): return rounded(-offset * scale, to: numbers)
    default: return offset
    }
  }

  private func rounded(_ number: Float, to encoding: Encoding) -> Float {
    switch encoding {
    case .f16: HalfPrecision.decoded(half: HalfPrecision.encodedHalf(number))
    case .bf16: HalfPrecision.decoded(bfloat: HalfPrecision.encodedBFloat(number))
    default: number
    }
  }

  private func expand(
    scales: [Float], offsets: [Float], isBias: Bool, into values: inout [Float]
  ) {
    let size = packing.scheme.groupSize
    for (column, code) in row.codes.enumerated() {
      let group = column / size
      values[column] =
        isBias
        ? Float(code) * scales[group] + offsets[group]
        : (Float(code) - offsets[group]) * scales[group]
    }
  }
}

extension Distortion {
  /// Adds a row.
  fileprivate mutating func add(_ values: [Float], decoded: [Float]) {
    values.withUnsafeBufferPointer { values in
      decoded.withUnsafeBufferPointer { add(values, decoded: $0) }
    }
  }
}
