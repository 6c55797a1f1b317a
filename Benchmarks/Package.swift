// swift-tools-version: 6.2
import PackageDescription

// The parts of the benchmarks that call the product's code below its public API. The sources are
// links to those of the main package, so that `package` declarations can be reached.
// `scripts/bench` builds and runs it.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "CKernels"),
    .target(name: "CLinearAlgebra"),
    .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: swiftSettings),
    .target(
      name: "BlockFormats", dependencies: ["Tensors", "CKernels"], swiftSettings: swiftSettings),
    .target(name: "Parallelism", swiftSettings: swiftSettings),
    .target(
      name: "LinearAlgebra", dependencies: ["CLinearAlgebra"],
      swiftSettings: swiftSettings),
    .target(
      name: "Layers",
      dependencies: ["BlockFormats", "LinearAlgebra", "Parallelism", "Tensors", "CKernels"],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "Encodings", dependencies: ["BlockFormats", "Parallelism", "Tensors"],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "Multiply",
      dependencies: ["Layers", "BlockFormats", "LinearAlgebra", "Parallelism"],
      swiftSettings: swiftSettings),
  ],
  cLanguageStandard: .gnu11
)
