// SPDX-License-Identifier: Apache-2.0

/// A module of the program: where it stands, and what it may import.
struct Module: Sendable, CustomStringConvertible {
  let name: String
  /// Imports go to lower layers only, but for those that ``imports`` names.
  let layer: Int
  let imports: Set<String>

  var description: String { name }

  /// The table of modules, lowest first.
  ///
  /// A new module needs a row here.
  static let all: [Module] = [
    Module("CPNG", 0), Module("CJPEG", 0), Module("CDeflate", 0),
    Module("CZlib", 0), Module("CPCRE2", 0),
    Module("CKernels", 0), Module("CLinearAlgebra", 0),
    Module("CImageCodecs", 0, ["CPNG", "CJPEG"]),

    // Dispatch: buffers are written while the next ones are filled.
    Module("BinaryIO", 1, ["CKernels", "CDeflate", "CZlib", "Dispatch"]),
    Module("Tensors", 1, ["CKernels"]),
    Module("Notation", 1),
    Module("Parallelism", 1, ["Dispatch"]),

    Module("BlockFormats", 2, ["Tensors", "CKernels"]),
    Module("LinearAlgebra", 2, ["Tensors", "CKernels", "CLinearAlgebra"]),
    Module("Checkpoints", 2, ["BinaryIO", "Tensors", "Notation", "Parallelism", "BlockFormats"]),
    Module("Preprocessing", 2, ["Tensors", "BinaryIO", "Notation", "CImageCodecs"]),
    Module("Tokenizers", 2, ["Tensors", "BinaryIO", "Notation", "CPCRE2"]),

    Module("Formats", 3),
    Module("Layers", 3, ["BlockFormats", "LinearAlgebra", "Parallelism", "Tensors", "CKernels"]),
    Module(
      "Quantization", 3,
      ["BlockFormats", "Parallelism", "Tensors", "Notation", "Formats", "CKernels"]),

    Module("Models", 4, below(4).subtracting(["Quantization"])),

    Module("Conversion", 5, below(5)),
    Module("Calibration", 5, below(5)),
    Module("Verification", 5, below(5).union(["CKernels"])),

    Module("Reports", 6, below(6)),
    // Dispatch: the signals that end a program.
    Module("PareKit", 6, below(6).union(["Reports", "Dispatch", "Yams"])),

    Module("pare", 7, ["PareKit", "ArgumentParser"]),
  ]

  init(_ name: String, _ layer: Int, _ imports: Set<String> = []) {
    self.name = name
    self.layer = layer
    self.imports = imports
  }

  /// What a module of a high layer may import: the Swift modules of all lower ones.
  private static func below(_ layer: Int) -> Set<String> {
    let rows: [(Int, Set<String>)] = [
      (1, ["BinaryIO", "Tensors", "Notation", "Parallelism"]),
      (2, ["BlockFormats", "LinearAlgebra", "Checkpoints", "Preprocessing", "Tokenizers"]),
      (3, ["Layers", "Quantization", "Formats"]),
      (4, ["Models"]),
      (5, ["Conversion", "Calibration", "Verification"]),
    ]
    return rows.filter { $0.0 < layer }.reduce(into: []) { $0.formUnion($1.1) }
  }

  /// Modules of the system that it may import besides.
  ///
  /// Only `Parallelism` and `BinaryIO` have threads, and `Foundation` is for those that work with whole models.
  var systemImports: Set<String> {
    let everywhere: Set = ["Glibc", "Musl", "Darwin", "Synchronization"]
    return layer >= 4 ? everywhere.union(["Foundation"]) : layer > 0 ? everywhere : []
  }
}
