// SPDX-License-Identifier: Apache-2.0

import Calibration
import Fixtures
import Models
import Quantization
import TestSupport
import Testing

struct ImportanceMatrixFileTests {
  private static let statistics: CalibrationStatistics = {
    var random = SplitMix64(seed: 3)
    func matrix(_ columns: Int, _ count: Double) -> ColumnStatistics {
      // Numbers that F32 holds.
      let values = random.normal(columns).map { Double(abs($0)) }
      return ColumnStatistics(
        count: count, squares: count > 0 ? values : values.map { _ in 0 },
        sums: values.map { -$0 })
    }
    return CalibrationStatistics(
      entries: [
        .init(name: "v.blk.0.attn_q.weight", matrices: [matrix(5, 640)]),
        .init(name: "blk.0.ffn_up_exps.weight", matrices: [matrix(4, 100), matrix(4, 0)]),
        .init(name: "blk.0.attn_q.weight", matrices: [matrix(8, 512)]),
      ], datasets: ["a.jsonl", "b.txt"], window: 512, windowCount: 7, checksums: ["m 1234abcd"])
  }()

  @Test("what is written as GGUF is read back as it was")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    try ImportanceMatrixFile.write(Self.statistics, to: path)
    let read = try ImportanceMatrixFile.read(path)
    #expect(read.entries == Self.statistics.entries && read.moments == nil)
    #expect(read.datasets == Self.statistics.datasets && read.window == 512)
    #expect(read.windowCount == 7 && read.checksums == Self.statistics.checksums)
  }

  @Test("the older kind keeps the means, and 1 for what nothing went into")
  func legacy() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.dat")
    try ImportanceMatrixFile.write(Self.statistics, to: path)
    let read = try ImportanceMatrixFile.read(path)
    #expect(read.entries.map(\.name) == Self.statistics.entries.map(\.name))
    for (entry, own) in zip(read.entries, Self.statistics.entries) {
      let means = own.matrices.flatMap {
        $0.meanSquares ?? [Float](repeating: 1, count: $0.squares.count)
      }
      let found = try #require(entry.matrices.first?.meanSquares)
      #expect(entry.matrices.count == 1 && found.count == means.count)
      // Multiplied by a whole number, and divided by it.
      #expect(zip(found, means).allSatisfy { abs($0 - $1) <= 0x1p-22 * abs($1) })
    }
    #expect(read.datasets == ["a.jsonl"] && read.windowCount == 7)
  }

  @Test("broken files are errors", arguments: ["a.gguf", "a.dat"])
  func broken(_ name: String) throws {
    let folder = try TemporaryFolder()
    try ImportanceMatrixFile.write(Self.statistics, to: folder.file(name))
    let whole = try ImportanceMatrixFile.read(folder.file(name)).entries
    let bytes = try TemporaryFolder.read(folder.file(name))
    for count in stride(from: 0, to: bytes.count - 1, by: 3) {
      let cut = try folder.write(Array(bytes.prefix(count)), to: "cut")
      // An older file may end before the trailer, and padding may be missing.
      if let read = try? ImportanceMatrixFile.read(cut) {
        #expect(read.entries == whole)
      }
    }
    var random = SplitMix64(seed: 4)
    for _ in 0..<400 {
      var mutated = bytes
      let place = Int.random(in: mutated.indices, using: &random)
      mutated[place] = UInt8.random(in: 0...255, using: &random)
      let path = try folder.write(mutated, to: "mutated")
      if let read = try? ImportanceMatrixFile.read(path) {
        for matrix in read.entries.flatMap(\.matrices) {
          #expect(matrix.count >= 0 && matrix.squares.allSatisfy { $0.isFinite && $0 >= 0 })
        }
      }
    }
  }

  @Test("merging a file with itself changes no importance, and other models are refused")
  func merging() throws {
    let all = try CalibrationStatistics(merging: [Self.statistics, Self.statistics])
    #expect(all.windowCount == 14)
    for (a, b) in zip(all.entries, Self.statistics.entries) {
      #expect(a.matrices.map(\.meanSquares) == b.matrices.map(\.meanSquares))
      #expect(a.matrices.map(\.count) == b.matrices.map { 2 * $0.count })
    }
    let other = CalibrationStatistics(
      entries: Self.statistics.entries, datasets: [], window: 1, windowCount: 1,
      checksums: ["n 0"])
    #expect(throws: CalibrationError.self) {
      try CalibrationStatistics(merging: [Self.statistics, other])
    }
    let model = try Model(path: Fixtures.path("stories260K"), library: try DeclarationLibrary())
    #expect(throws: CalibrationError.self) {
      try Self.statistics.importance(for: model, label: "")
    }
  }

  @Test("what llama-imatrix itself has written is read, the same from both of its formats")
  func foreign() throws {
    let (gguf, dat) = (
      try ImportanceMatrixFile.read(Fixtures.path("imatrix/llama-imatrix.gguf")),
      try ImportanceMatrixFile.read(Fixtures.path("imatrix/llama-imatrix.dat"))
    )
    let model = try Model(path: Fixtures.path("stories260K"), library: try DeclarationLibrary())
    #expect(gguf.entries.map(\.name) == dat.entries.map(\.name))
    #expect(gguf.entries.count == 35 && gguf.windowCount == dat.windowCount)
    for (a, b) in zip(gguf.entries, dat.entries) {
      let (x, y) = (
        try #require(a.matrices[0].meanSquares), try #require(b.matrices[0].meanSquares)
      )
      // The older format multiplies means by a count, and rounds once more.
      for (x, y) in zip(x, y) { #expect(abs(x - y) <= 4 * Float.ulpOfOne * x) }
    }
    let inputs = try gguf.importance(for: model, label: "").inputs(of: "blk.0.attn_q.weight")
    #expect(inputs.columns?[0]?.count == 64)
    // That program keeps no means.
    #expect(inputs.means?[0] == nil)
  }
}
