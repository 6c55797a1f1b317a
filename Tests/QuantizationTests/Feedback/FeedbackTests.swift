// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Parallelism
import Quantization
import Tensors
import TestSupport
import Testing

struct FeedbackTests {
  private static let columns = 256
  private static let rows = 37

  private static let encodings: [Encoding] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS,
  ]

  private static let bookEncodings: [Encoding] = [.iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S]

  /// What goes into all layers here.
  private static let correlated = Moments.input(columns: columns, tokens: 512, correlation: 0.7)

  private static func values(_ count: Int) -> [Float] {
    var random = SplitMix64(seed: 7)
    return random.normal(count)
  }

  private static func encoded(
    _ values: [Float], as format: any BlockFormat, _ feedback: Feedback?, importance: [Float]
  ) -> (blocks: [UInt8], decoded: [Float]) {
    let encoder = TileEncoder(format: format, columns: columns, feedback: feedback)
    var blocks = [UInt8](repeating: 0, count: rows * encoder.rowBytes)
    blocks.withUnsafeMutableBytes { blocks in
      _ = encoder.encode(rows: rows, importance: importance, into: blocks) { own, room in
        values.withUnsafeBufferPointer {
          _ = room.update(
            fromContentsOf: $0[own.lowerBound * columns..<own.upperBound * columns])
        }
      }
    }
    return (blocks, format.decode(blocks))
  }

  @Test(
    "codes that make up for each other lose less of the outputs, on grids and in code books",
    arguments: encodings + bookEncodings)
  func blocks(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let input = Self.correlated
    let partSize = try #require(feedback(for: format)).partSize
    let curvature = try #require(Curvature(input, partSize: partSize))
    let values = Self.values(Self.rows * Self.columns)
    let importance = (0..<Self.columns).map { input.source.fitted[$0 * Self.columns + $0] }
    let plain = Self.encoded(values, as: format, nil, importance: importance)
    let fitted = Self.encoded(
      values, as: format, Feedback(curvature), importance: importance)
    let source = try #require(input.source as? Moments)
    let before = source.loss(values, plain.decoded, columns: Self.columns)
    let after = source.loss(values, fitted.decoded, columns: Self.columns)
    // Four inputs that all columns share make up most of the outputs: an error along one of them can
    // be made up for by any of 64 columns.
    #expect(after < 0.5 * before, "\(encoding): \(before) to \(after)")
  }

  @Test(
    "the same holds for groups with scales apart, with any kind of offset",
    arguments: [
      (GroupEncoder.Offset.bias, 2), (.bias, 3), (.bias, 4), (.bias, 8), (.middle, 4),
      (.middle, 8), (.zeroPoint, 4),
    ], [Encoding.bf16, .f16, .f32])
  func groups(_ kind: (offset: GroupEncoder.Offset, bits: Int), _ scales: Encoding) throws {
    let groups = GroupEncoder(
      offset: kind.offset, bits: kind.bits, groupSize: 64, scaleEncoding: scales)
    let input = Self.correlated
    let curvature = try #require(Curvature(input))
    let source = try #require(input.source as? Moments)
    let values = Self.values(Self.rows * Self.columns)
    let losses = [nil, curvature].map { curvature in
      let encoder = PackedTileEncoder(
        groups: groups, columns: Self.columns, feedback: curvature.map { Feedback($0) })
      let planes = encoder.encode(rows: Self.rows) { own, room in
        values.withUnsafeBufferPointer {
          _ = room.update(
            fromContentsOf: $0[own.lowerBound * Self.columns..<own.upperBound * Self.columns])
        }
      }.planes
      return source.loss(
        values, Self.decoded(planes, encoder, scales: scales), columns: Self.columns)
    }
    #expect(losses[1] < 0.6 * losses[0], "\(kind) \(scales): \(losses)")
  }

  /// What a reader of the planes sees: codes of the lowest bits first, numbers as they are stored.
  private static func decoded(
    _ planes: PackedTileEncoder.Planes, _ encoder: PackedTileEncoder, scales: Encoding
  ) -> [Float] {
    let bits = encoder.groups.bits
    let format = BlockFormats.format(for: scales)
    let numbers = format?.decode(planes.scales) ?? []
    let biases = encoder.groups.offset == .bias ? format?.decode(planes.offsets) ?? [] : []
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      let first = row * encoder.codeBytes * 8 + column * bits
      var code = 0
      for bit in 0..<bits {
        code |= Int(planes.codes[(first + bit) / 8] >> ((first + bit) % 8) & 1) << bit
      }
      let group = index / encoder.groups.groupSize
      switch encoder.groups.offset {
      case .bias: return Float(code) * numbers[group] + biases[group]
      case .zeroPoint: return Float(code - Int(planes.offsets[group])) * numbers[group]
      case .middle, .none: return Float(code - (1 << (bits - 1))) * numbers[group]
      }
    }
  }

  @Test("the bytes do not depend on the number of threads")
  func threads() throws {
    let format = try #require(BlockFormats.format(for: .q4_K))
    let values = Self.values(Self.rows * Self.columns)
    let importance = [Float](repeating: 1, count: Self.columns)
    let blocks = [1, 2, 5].map { count in
      Parallel.limit(to: count)
      defer { Parallel.limit(to: 0) }
      return Self.encoded(
        values, as: format, Curvature(Self.correlated).map { Feedback($0) }, importance: importance
      ).blocks
    }
    #expect(blocks[1] == blocks[0] && blocks[2] == blocks[0])
  }

  @Test("codes and factors that are stored are those that are decoded", arguments: encodings)
  func storing(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let codes = try #require(BlockCodes(format))
    let values = Self.values(Self.columns)
    var blocks = format.encode(values)
    var row = blocks.withUnsafeBytes { codes.read($0) }
    var random = SplitMix64(seed: 3)
    for index in row.codes.indices {
      row.codes[index] = UInt8(random.next() % UInt64(codes.grid.levels.count))
    }
    blocks.withUnsafeMutableBytes { codes.store(row, into: $0) }
    let decoded = format.decode(blocks)
    for (index, value) in decoded.enumerated() {
      let group = index / codes.grid.groupSize
      let product = row.steps[group] * codes.grid.levels[Int(row.codes[index])]
      let expected = product + row.offsets[group]
      // Each of product and sum is rounded once, here and there.
      let room = 2 * max(product.magnitude, row.offsets[group].magnitude) * Float.ulpOfOne
      #expect(abs(value - expected) <= room)
    }
  }

  @Test("points and signs that are stored are those that are decoded", arguments: bookEncodings)
  func storingPoints(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let codes = try #require(PointCodes(format))
    // The points of one row in the blocks of another, whose scales differ.
    let rows = [Self.values(Self.columns), Self.values(2 * Self.columns).suffix(Self.columns)]
    let stored = rows.map { format.encode(Array($0)) }
    var row = stored[0].withUnsafeBytes { codes.read($0) }
    var random = SplitMix64(seed: 3)
    for part in row.signs.indices {
      row.points[2 * part] = Int16(random.next() % 256)
      row.points[2 * part + 1] = Int16(random.next() % 256)
      // An even number of them, which all formats can store.
      row.signs[part] = [0, 3, 0x81, 0xff, 0x5a][Int(random.next() % 5)]
    }
    var first = stored[0]
    first.withUnsafeMutableBytes { codes.store(row, into: $0) }
    let again = first.withUnsafeBytes { codes.read($0) }
    #expect(again.scales == row.scales && again.factors == row.factors)
    var other = stored[1].withUnsafeBytes { codes.read($0) }
    (other.points, other.signs) = (row.points, row.signs)
    var second = stored[1]
    second.withUnsafeMutableBytes { codes.store(other, into: $0) }
    // Both are the same points: they differ by the scales of their parts alone.
    for (index, (x, y)) in zip(format.decode(first), format.decode(second)).enumerated() {
      let part = index / PointCodes.partElements
      #expect((x < 0) == (row.signs[part] >> (index % 8) & 1 == 1) || row.scales[part] == 0)
      let (left, right) = (x * other.scales[part], y * row.scales[part])
      #expect(abs(left - right) <= 4 * Float.ulpOfOne * abs(left))
    }
  }

  @Test("moments that say nothing give no curvature")
  func useless() {
    let none = Moments.input(columns: 64, tokens: 0, correlation: 0)
    #expect(Curvature(none) == nil)
    let broken = Moments.input(columns: 64, tokens: 80, correlation: .nan)
    #expect(Curvature(broken) == nil)
  }

  @Test("feedback is kept where it helps on other tokens, and only there")
  func trial() throws {
    let format = try #require(BlockFormats.format(for: .q4_K))
    let codes = try #require(BlockCodes(format))
    let values = Self.values(Self.rows * Self.columns)
    func trial(_ input: InputMoments) throws -> FeedbackTrial {
      FeedbackTrial(
        codes, try #require(Curvature(input)), input, rows: Self.rows, importance: nil
      ) { own, room in
        values.withUnsafeBufferPointer {
          _ = room.update(
            fromContentsOf: $0[own.lowerBound * Self.columns..<own.upperBound * Self.columns])
        }
      }
    }
    let alike = try trial(Self.correlated)
    #expect(alike.best != nil && alike.fitted < 0.5 * alike.plain)
    // Where the columns of other tokens have nothing to do with each other, larger errors of single
    // columns do nothing but harm.
    let fitted = Self.correlated
    let other = Moments.input(columns: Self.columns, tokens: 512, correlation: 0)
    let apart = InputMoments(
      name: "apart", columns: Self.columns, count: 512,
      source: Moments(fitted: fitted.source.fitted, heldOut: other.source.heldOut))
    #expect(try trial(apart).best == nil)
  }

  @Test(
    "what inputs have lost is made up for, and the trial knows by how much",
    arguments: [Encoding.q4_K, .iq3_XXS])
  func drift(_ encoding: Encoding) throws {
    let format = try #require(BlockFormats.format(for: encoding))
    let codes = try #require(feedback(for: format))
    let (tokens, lost) = (100_000, Float(0.4))
    let input = Moments.drifted(columns: Self.columns, tokens: tokens, loss: lost)
    let curvature = try #require(Curvature(input, partSize: codes.partSize))
    let values = Self.values(Self.rows * Self.columns)
    let importance = [Float](repeating: 1, count: Self.columns)
    /// The expected Σ |w o − y x|² over tokens.
    func loss(_ decoded: [Float]) -> Double {
      var sum = 0.0
      for row in 0..<Self.rows {
        for column in 0..<Self.columns {
          let own = row * Self.columns + column
          let before = row * Self.columns + (column + Self.columns - 1) % Self.columns
          let error = values[own] - decoded[own] + lost * decoded[before]
          sum += Double(error * error)
        }
      }
      return sum * Double(tokens)
    }
    let losses = [Float(0), 1].map { share in
      loss(
        Self.encoded(
          values, as: format, Feedback(curvature, driftShare: share), importance: importance
        ).decoded)
    }
    // The columns know all that is lost; rounding remains.
    #expect(losses[1] < 0.3 * losses[0], "\(losses)")
    func trial(_ format: some FeedbackFormat) -> FeedbackTrial {
      FeedbackTrial(format, curvature, input, rows: Self.rows, importance: importance) {
        own, room in
        values.withUnsafeBufferPointer {
          _ = room.update(
            fromContentsOf: $0[own.lowerBound * Self.columns..<own.upperBound * Self.columns])
        }
      }
    }
    let tried = trial(codes)
    #expect((tried.best?.driftShare ?? 0) > 0)
    // Its losses leave out what no codes change, and where codes are points of a book its plain ones are
    // the nearest, while a search looks at others, too.
    let plain = loss(
      Self.encoded(values, as: format, nil, importance: importance).decoded)
    let best = loss(
      Self.encoded(values, as: format, tried.best, importance: importance).decoded)
    #expect(abs((tried.plain - tried.fitted) - (plain - best)) <= 0.03 * (plain - best))
  }
}
