// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation

/// What a model is made of: the declarations that claim it, with its own numbers.
package struct Architecture: Sendable {
  /// The name of the declaration, such as `llava`.
  package let name: String
  package let about: String
  /// In the order in which they run; the language model last.
  package let parts: [Part]
  /// The token whose places an image takes; nil without a vision part.
  package let imageToken: Int?
  /// How the token is spelt.
  package let imageText: String?
  /// What is known of the image processor; nil without a vision part.
  package let imageProcessor: ImageProcessorDeclaration?
  /// How an image stands in a prompt; nil without a vision part.
  package let imagePrompt: ImagePrompt?
  /// What it is made of; nil for a language model alone.
  private(set) var composition: Composition?

  package func part(_ kind: PartDeclaration.Kind) -> Part? { parts.first { $0.kind == kind } }

  /// Finds the declarations that claim a model.
  ///
  /// - Throws: ``ModelError/unknownArchitecture(path:field:value:known:)`` and others.
  package init(of files: ModelFiles, library: DeclarationLibrary) throws(ModelError) {
    if let config = files.config {
      try self.init(config: config, files: files, library: library)
    } else {
      try self.init(gguf: files, library: library)
    }
  }

  /// From a `config.json`.
  private init(
    config: JSON, files: ModelFiles, library: DeclarationLibrary
  ) throws(ModelError) {
    let type = config["model_type"]?.string
    if let composition = library.composition(of: config) {
      try self.init(composition, config: config, files: files, library: library)
      return
    }
    guard
      let part = library.parts.last(where: { part in
        part.kind == .language && type.map(part.modelTypes.contains) ?? false
      })
    else {
      throw .unknownArchitecture(
        path: files.configPath, field: "model_type", value: type,
        known: library.knownModelTypes)
    }
    let source = HyperparameterSource(origin: .config(config), path: files.configPath)
    let declaration = try library.declaration(of: part)
    let values = try source.values(of: declaration, overrides: [:])
    let names = declaration.names.isEmpty ? [[]] : declaration.names
    self.init(
      language: try Architecture.bestNamed(
        declaration, values: values, names: names + [declaration.mlx.names].compactMap(\.self),
        mlx: declaration.mlx.names, files: files))
  }

  private init(
    _ composition: Composition, config: JSON, files: ModelFiles, library: DeclarationLibrary
  ) throws(ModelError) {
    let top = HyperparameterSource(origin: .config(config), path: files.configPath)
    var parts: [Part] = []
    for member in composition.members {
      let type = member.use.map { config.value(at: $0.path)?.string ?? $0.fallback }
      let wanted = member.declaration ?? type ?? ""
      guard let part = library.part(named: wanted), part.kind == member.kind else {
        let known = library.parts.filter { $0.kind == member.kind }
        throw .unknownArchitecture(
          path: files.configPath, field: member.use?.path ?? member.kind.rawValue, value: wanted,
          known: known.flatMap { $0.modelTypes.isEmpty ? [$0.name] : $0.modelTypes })
      }
      let declaration = try library.declaration(of: part)
      var overrides: [String: Expression.Value] = [:]
      for parameter in member.overrides {
        overrides[parameter.name] = try top.value(
          of: parameter, known: [:], in: composition.name)
      }
      let place = member.config.first { config.value(at: $0) != nil } ?? member.config.first ?? ""
      let settings = config.value(at: place) ?? .object(JSON.Object())
      let values = try HyperparameterSource(origin: .config(settings), path: files.configPath)
        .values(of: declaration, overrides: overrides)
      var own = try Architecture.bestNamed(
        declaration, values: values, names: member.names, mlx: member.mlx, files: files)
      own.configPath = place
      parts.append(own)
    }
    try self.init(
      composition, parts: parts, source: top,
      imageToken: top.value(of: composition.imageToken, known: [:], in: composition.name),
      path: files.configPath)
  }

  private init(
    _ composition: Composition, parts: [Part], source: HyperparameterSource,
    imageToken: Expression.Value, path: String
  ) throws(ModelError) {
    guard case .number(let number) = imageToken, let token = Int(exactly: number), token >= 0
    else {
      throw .configuration(
        path: path, key: "the image token", sentence: "expected a token id, found \(imageToken)")
    }
    self.init(
      name: composition.name, about: composition.about, parts: parts, imageToken: token,
      imageText: composition.imageText,
      imagePrompt: try composition.imagePrompt.completed(from: source),
      imageProcessor: composition.imageProcessor)
    self.composition = composition
  }

  /// A language model alone.
  private init(language: Part) {
    self.init(
      name: language.declaration.name, about: language.declaration.identity.about,
      parts: [language],
      imageToken: nil, imageText: nil, imagePrompt: nil, imageProcessor: nil)
  }

  private init(
    name: String, about: String, parts: [Part], imageToken: Int?, imageText: String?,
    imagePrompt: ImagePrompt?, imageProcessor: ImageProcessorDeclaration?
  ) {
    self.name = name
    self.about = about
    self.parts = parts
    self.imageToken = imageToken
    self.imageText = imageText
    self.imageProcessor = imageProcessor
    self.imagePrompt = imagePrompt
  }

  /// The part with the names of which the checkpoint has the most.
  private static func bestNamed(
    _ declaration: PartDeclaration, values: [String: Expression.Value],
    names: [Composition.PrefixMap], mlx: Composition.PrefixMap?, files: ModelFiles
  ) throws(ModelError) -> Part {
    var best: (part: Part, found: Int)?
    for map in names {
      let part = try Part(
        declaration, values: values, path: files.configPath,
        mlxRename: Composition.Member.renaming(mlx ?? map),
        rename: Composition.Member.renaming(map))
      let found = part.parameters.count { parameter in
        parameter.names.contains { files.checkpoint[$0] != nil }
      }
      if found > best?.found ?? -1 { best = (part, found) }
    }
    guard let best else {
      throw .declaration(name: declaration.name, sentence: "names: expected at least one way")
    }
    return best.part
  }

  /// The metadata key for the name of what a file was made of.
  package static let originKey = "pare.architecture"

  /// From the metadata of GGUF files.
  private init(gguf files: ModelFiles, library: DeclarationLibrary) throws(ModelError) {
    let language = try Architecture.part(
      of: files.checkpoint, kind: .language, in: library,
      isMeant: { part, architecture in part.ggufArchitectures.contains(architecture) })
    guard let projector = files.projector else {
      self.init(language: language)
      return
    }
    let type = projector.metadata["clip.projector_type"]?.string
    let fitting = library.compositions.filter {
      type == WholeSettings.architecture || $0.projectors.contains(type ?? "")
    }
    // Several may become the same file; one of this program says which it was.
    let origin = projector.metadata[Architecture.originKey]?.string
    guard let composition = fitting.last(where: { $0.name == origin }) ?? fitting.last else {
      throw .unknownArchitecture(
        path: projector.path, field: "clip.projector_type", value: type,
        known: library.compositions.flatMap(\.projectors).sorted())
    }
    var parts: [Part] = []
    for member in composition.members where member.kind != .language {
      var wanted = member.declaration ?? member.use?.fallback ?? ""
      // What a model may have one or the other of, the file names.
      if member.kind == .connector, member.use != nil, let type,
        library.part(named: type)?.kind == .connector
      {
        wanted = type
      }
      parts.append(
        try Architecture.part(
          of: projector, kind: member.kind, in: library, overrides: member.overrides,
          isMeant: { part, _ in part.name == wanted || part.modelTypes.contains(wanted) }))
    }
    let tokens = files.checkpoint.metadata["tokenizer.ggml.tokens"]?.strings
    let token =
      projector.metadata["pare.image_token_id"]?.integer
      ?? tokens?.firstIndex(of: composition.imageText)
    guard let token else {
      throw .configuration(
        path: files.checkpoint.path, key: "tokenizer.ggml.tokens",
        sentence: "expected the token '\(composition.imageText)' for images, found none")
    }
    let source = HyperparameterSource(
      origin: .gguf(
        projector.metadata, architecture: "clip", hasTensor: { projector[$0] != nil }),
      path: projector.path)
    try self.init(
      composition, parts: parts + [language], source: source,
      imageToken: .number(Double(token)), path: files.checkpoint.path)
  }

  private static func part(
    of checkpoint: Checkpoint, kind: PartDeclaration.Kind, in library: DeclarationLibrary,
    overrides: [HyperparameterDeclaration] = [], isMeant: (PartIdentity, String) -> Bool
  ) throws(ModelError) -> Part {
    let architecture = checkpoint.metadata["general.architecture"]?.string
    if architecture == "clip", kind == .language {
      throw .input(
        "\(checkpoint.path): this is the vision part of a model; name the file of its language "
          + "model, and this one with --mmproj")
    }
    let name = checkpoint.metadata[WholeSettings.declarationKey(kind)]?.string
    guard let architecture,
      let part = library.parts.last(where: {
        $0.kind == kind && (name.map($0.name.elementsEqual) ?? isMeant($0, architecture))
      })
    else {
      throw .unknownArchitecture(
        path: checkpoint.path, field: "general.architecture", value: architecture,
        known: library.parts.flatMap(\.ggufArchitectures).sorted())
    }
    let declaration = try library.declaration(of: part)
    let source = HyperparameterSource(
      origin: .gguf(
        checkpoint.metadata, architecture: architecture, hasTensor: { checkpoint[$0] != nil }),
      path: checkpoint.path)
    var known: [String: Expression.Value] = [:]
    for parameter in overrides {
      known[parameter.name] = try source.value(of: parameter, known: [:], in: declaration.name)
    }
    let values = try source.values(of: declaration, overrides: known)
    return try Part(declaration, values: values, path: checkpoint.path) { $0 }
  }
}
