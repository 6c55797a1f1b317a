// SPDX-License-Identifier: Apache-2.0

import Testing

/// Dependencies go down only.
///
/// The package manager does not see to it: a target can import a sibling that it never declared,
/// and builds.
struct ImportTests {
  static let table = Dictionary(uniqueKeysWithValues: Module.all.map { ($0.name, $0) })

  /// The folders of `Sources/`.
  static let present: [String] = Set(
    SourceFile.sources
      .compactMap { $0.path.split(separator: "/").dropFirst().first.map(String.init) }
  ).sorted()

  /// What the manifest declares: the name of a target, and the names of its dependencies.
  static let declared: [String: Set<String>] = {
    let target =
      /\.(?:systemLibrary|target|executableTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: \[((?:[^\[\]]|\[[^\]]*\])*)\])?/
    let dependency = /(?:^|[\s,])(?:"(\w+)"|\.product\(name: "(\w+)")/
    var result: [String: Set<String>] = [:]
    for match in SourceFile.manifest.matches(of: target) {
      let names = (match.output.2 ?? "").matches(of: dependency)
        .compactMap { ($0.output.1 ?? $0.output.2).map(String.init) }
      result[String(match.output.1)] = Set(names)
    }
    return result
  }()

  static func files(of module: String) -> [SourceFile] {
    SourceFile.sources.filter {
      $0.path.hasPrefix("Sources/\(module)/") && $0.name.hasSuffix(".swift")
    }
  }

  @Test(arguments: present)
  func everyModuleHasARowInTheTable(_ name: String) {
    #expect(Self.table[name] != nil, "add '\(name)' to Module.all, in its layer")
    #expect(Self.declared[name] != nil, "Package.swift has no target '\(name)'")
  }

  @Test(arguments: Module.all)
  func theTableGoesDown(_ module: Module) {
    for name in module.imports {
      guard let other = Self.table[name] else { continue }
      let listed = ["CImageCodecs", "PareKit", "Checkpoints", "Quantization"].contains(module.name)
      #expect(other.layer < module.layer || listed && other.layer == module.layer, "\(name)")
    }
  }

  @Test(arguments: present)
  func filesImportOnlyWhatTheTableAllows(_ name: String) throws {
    let module = try #require(Self.table[name])
    let allowed = module.imports.union(module.systemImports)
    for file in Self.files(of: name) {
      let wrong = file.imports.subtracting(allowed)
      #expect(wrong.isEmpty, "\(file) imports \(wrong.sorted()); \(name) may not")
    }
  }

  @Test(
    arguments: present.filter {
      !$0.hasPrefix("C") || ["Checkpoints", "Conversion", "Calibration"].contains($0)
    })
  func theManifestDeclaresWhatIsImported(_ name: String) throws {
    let module = try #require(Self.table[name])
    let files = Self.files(of: name)
    let imported = files.reduce(into: Set()) { $0.formUnion($1.imports) }
      .subtracting(module.systemImports).subtracting(["Dispatch"])
    let declared = try #require(Self.declared[name])
    let missing = imported.subtracting(declared).sorted()
    let unused = declared.subtracting(imported).sorted()
    #expect(missing.isEmpty, "Package.swift: add \(missing) to the dependencies of '\(name)'")
    // A module that is not begun yet uses nothing.
    if files.map(\.name) != ["Placeholder.swift"], files.map(\.name) != ["main.swift"] {
      #expect(unused.isEmpty, "Package.swift: '\(name)' imports no \(unused); take them out")
    }
  }

  @Test func theManifestWasUnderstood() {
    #expect(Self.declared["CImageCodecs"] == ["CPNG", "CJPEG"])
    #expect(Self.declared["pare"] == ["PareKit", "ArgumentParser"])
    #expect(Self.declared["Notation"] == [])
    #expect(Self.declared.count > 20)
  }
}
