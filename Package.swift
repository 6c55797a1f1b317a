// swift-tools-version: 6.2
import PackageDescription

// Targets in layer order, lowest first. `Tests/ArchitectureTests` holds the imports against it.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Not in release builds: a newer compiler's new warning is no reason to have no program.
  .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

let package = Package(
  name: "pare",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "PareKit", targets: ["PareKit"]),
    .executable(name: "pare", targets: ["pare"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // 0: C
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CDeflate", pkgConfig: "libdeflate",
      providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPCRE2", pkgConfig: "libpcre2-8",
      providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
    .target(name: "CLinearAlgebra"),
    .target(
      name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"],
      linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("jpeg")]),

    // 1: bytes, numbers, notation and threads
    .target(name: "BinaryIO", dependencies: ["CKernels", "CDeflate", "CZlib"]),
    .target(name: "Tensors", dependencies: ["CKernels"]),
    .target(name: "Notation"),
    .target(name: "Parallelism"),

    // 2: formats on disk, linear algebra, inputs
    .target(name: "BlockFormats", dependencies: ["Tensors", "CKernels"]),
    .target(name: "LinearAlgebra", dependencies: ["CLinearAlgebra"]),
    .target(
      name: "Checkpoints",
      dependencies: ["BinaryIO", "Tensors", "Notation", "Parallelism", "BlockFormats"]),
    .target(name: "Preprocessing", dependencies: ["BinaryIO", "Notation", "CImageCodecs"]),
    .target(name: "Tokenizers", dependencies: ["BinaryIO", "Notation", "CPCRE2"]),

    // 3: the parts of a model, and of a quantizer
    .target(
      name: "Layers",
      dependencies: ["BlockFormats", "LinearAlgebra", "Parallelism", "Tensors", "CKernels"]),
    .target(
      name: "Quantization",
      dependencies: [
        "BlockFormats", "Parallelism", "Tensors", "Notation", "Formats", "CKernels",
      ]),
    .target(
      name: "Formats", path: "Formats",
      exclude: [
        "gguf.md", "safetensors.md", "scalars.md", "Q4_0.md", "Q4_K.md", "Q6_K.md", "Q8_0.md",
        "IQ1.md", "feedback.md", "costs.md", "IQ2.md", "IQ3.md", "IQ4.md", "FP4.md", "Q1_0.md",
        "Q2_K.md",
        "Q3_K.md", "TQ.md",
        "mlx.md", "compressed-tensors.md", "gptq.md", "awq.md", "images.md", "tokenizers.md",
        "imatrix.md", "report.md", "journal.md",
        "Architectures/README.md", "Recipes/README.md", "Configurations",
      ],
      resources: [
        .embedInCode("Architectures"), .embedInCode("Recipes"), .embedInCode("Packing"),
      ], plugins: ["EmbeddedNames"]),
    .plugin(name: "EmbeddedNames", capability: .buildTool()),

    // 4: whole models
    .target(
      name: "Models",
      dependencies: [
        "Layers", "Checkpoints", "Preprocessing", "Tokenizers", "Formats", "BlockFormats",
        "LinearAlgebra", "Parallelism", "BinaryIO", "Tensors", "Notation",
      ]),

    // 5: what is done with models
    .target(
      name: "Conversion",
      dependencies: [
        "Models", "Layers", "Quantization", "Checkpoints", "BlockFormats", "LinearAlgebra",
        "Parallelism", "BinaryIO", "Tensors", "Notation",
      ]),
    .target(
      name: "Calibration",
      dependencies: [
        "Models", "Layers", "Quantization", "Checkpoints", "BlockFormats", "LinearAlgebra",
        "Parallelism", "BinaryIO", "Tensors", "Notation",
      ]),
    .target(
      name: "Verification",
      dependencies: [
        "Models", "Layers", "Checkpoints", "Preprocessing", "Tokenizers", "BlockFormats",
        "LinearAlgebra", "Parallelism", "BinaryIO", "Tensors", "Notation", "CKernels",
      ]),

    // 6: results for people and programs; the public library
    .target(
      name: "Reports",
      dependencies: [
        "Conversion", "Calibration", "Verification", "Models", "Quantization", "Checkpoints",
        "BlockFormats",
        "Tokenizers", "Tensors", "BinaryIO", "Notation",
      ]),
    .target(
      name: "PareKit",
      dependencies: [
        "Reports", "Conversion", "Calibration", "Verification", "Models", "Quantization",
        "Checkpoints", "LinearAlgebra", "Parallelism", "Preprocessing", "Tokenizers", "Tensors",
        "BinaryIO",
        "Notation", .product(name: "Yams", package: "Yams"),
      ]),

    // 7: the command
    .executableTarget(
      name: "pare",
      dependencies: [
        "PareKit", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests
    .target(
      name: "Fixtures", path: "Fixtures",
      exclude: [
        "README.md", "oracle", "mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K", "images",
        "tokenizers",
        "preprocessing", "blocks", "checkpoints", "recipes", "packing", "architectures",
        "vision-language", "imatrix", "positions",
      ],
      sources: ["Fixtures.swift"]),
    .target(
      name: "TestSupport", dependencies: ["Fixtures", "Checkpoints", "Tensors"],
      path: "Tests/TestSupport"),
    .testTarget(name: "BinaryIOTests", dependencies: ["BinaryIO", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
    .testTarget(name: "NotationTests", dependencies: ["Notation", "TestSupport"]),
    .testTarget(name: "BlockFormatsTests", dependencies: ["BlockFormats", "TestSupport"]),
    .testTarget(name: "ParallelismTests", dependencies: ["Parallelism", "TestSupport"]),
    .testTarget(
      name: "LinearAlgebraTests",
      dependencies: ["LinearAlgebra", "Parallelism", "CLinearAlgebra", "Tensors", "TestSupport"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"]),
    .testTarget(
      name: "PreprocessingTests",
      dependencies: ["Preprocessing", "BinaryIO", "Notation", "Fixtures", "TestSupport"]),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"]),
    .testTarget(
      name: "LayersTests",
      dependencies: [
        "Layers", "BlockFormats", "LinearAlgebra", "Parallelism", "Tensors", "CKernels",
        "TestSupport",
      ]),
    .testTarget(
      name: "QuantizationTests",
      dependencies: [
        "Quantization", "BlockFormats", "BinaryIO", "Parallelism", "Tensors", "CKernels",
        "Fixtures",
        "TestSupport",
      ]),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Models", "Checkpoints", "LinearAlgebra", "Preprocessing", "Tokenizers", "BinaryIO",
        "Notation", "Formats", "TestSupport",
      ]),
    .testTarget(
      name: "ConversionTests",
      dependencies: [
        "Conversion", "Models", "Quantization", "Checkpoints", "BlockFormats", "LinearAlgebra",
        "Parallelism",
        "Preprocessing", "Tokenizers", "Tensors", "BinaryIO", "Notation", "Layers", "Fixtures",
        "TestSupport",
      ]),
    .testTarget(
      name: "CalibrationTests",
      dependencies: [
        "Calibration", "Checkpoints", "Quantization", "Models", "LinearAlgebra", "Tensors",
        "BinaryIO", "Fixtures", "TestSupport",
      ]),
    .testTarget(
      name: "VerificationTests",
      dependencies: [
        "Verification", "Models", "Checkpoints", "LinearAlgebra", "Tokenizers", "Tensors",
        "Fixtures", "TestSupport",
      ]),
    .testTarget(
      name: "ReportsTests", dependencies: ["Reports", "Verification", "TestSupport"]),
    .testTarget(name: "ArchitectureTests"),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "pare", "Checkpoints", "Preprocessing", "Tensors", "Notation", "Fixtures", "TestSupport",
      ]),
  ],
  cLanguageStandard: .gnu11
)

let cSettings: [CSetting] = [
  .enableWarning("all"),
  .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  if ["CKernels", "CLinearAlgebra", "CImageCodecs"].contains(target.name) {
    target.cSettings = (target.cSettings ?? []) + cSettings
  } else {
    target.swiftSettings = swiftSettings
  }
}
