// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for the readers of untrusted files. The sources below Checkpoints are links to
// those of the main package: they are compiled here again with the fuzzer's coverage, as part of
// this package, so that `package` declarations can be reached. `scripts/fuzz` builds and runs it.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The C entry point takes the place of `main`.
let entryPoint: [SwiftSetting] = swiftSettings + [.unsafeFlags(["-parse-as-library"])]

let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .target(name: "CKernels"),
    .target(
      name: "BinaryIO", dependencies: ["CKernels", "CDeflate", "CZlib"],
      swiftSettings: swiftSettings),
    .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: swiftSettings),
    .target(name: "Notation", swiftSettings: swiftSettings),
    .target(name: "Parallelism", swiftSettings: swiftSettings),
    .target(
      name: "BlockFormats", dependencies: ["Tensors", "CKernels"], swiftSettings: swiftSettings),
    .target(
      name: "Checkpoints",
      dependencies: ["BinaryIO", "Tensors", "Notation", "Parallelism", "BlockFormats"],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "FuzzGGUF", dependencies: ["Checkpoints", "BinaryIO"], swiftSettings: entryPoint),
    .executableTarget(
      name: "FuzzSafetensors", dependencies: ["Checkpoints", "BinaryIO"],
      swiftSettings: entryPoint),
    .executableTarget(
      name: "FuzzPacked", dependencies: ["Checkpoints", "BinaryIO", "Notation", "Tensors"],
      swiftSettings: entryPoint),
  ],
  cLanguageStandard: .gnu11
)
