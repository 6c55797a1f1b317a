// SPDX-License-Identifier: Apache-2.0

/// What an image processor of transformers does where its configuration is silent.
///
/// - Source: transformers 5, the class attributes of each processor.
struct ProcessorDefaults {
  var resample = ResamplingFilter.bicubic
  var size: ResizeTarget
  var cropEdge: Int?
  var mean: [Double]
  var deviation: [Double]
  /// Whether a size of one number means a square, rather than the shortest edge.
  var isSquare: Bool
  var padsToSquare = false
  /// Whether levels are normalized.
  var normalizes = true
  /// The rule by which an image gets its size.
  var sizing = Sizing.whole
  var arithmetic = ResamplingArithmetic.pillow

  /// How an image gets the size that the encoder takes.
  enum Sizing {
    /// Resized, cropped and padded as a whole.
    case whole
    /// Multiples of merged patches, with bounds for the number of pixels.
    case merged
    /// A longer edge of many tiles, then cut into them.
    case longestEdge
    /// Tiles in the proportions that come closest.
    case proportions
    /// One of several canvases, cut into tiles.
    case canvases
    /// Multiples of merged patches, within a number of tokens; tiles, where that is far exceeded.
    case tokens
    /// Whole patches within a size.
    case patches
    /// As many pixels as so many tokens take.
    case budget
    /// MM1's: a canvas of tiles that takes the image with the least border.
    case subImages
  }

  private static let openAIMean = [0.48145466, 0.4578275, 0.40821073]
  private static let openAIDeviation = [0.26862954, 0.26130258, 0.27577711]
  private static let half = [0.5, 0.5, 0.5]

  private static let clip = ProcessorDefaults(
    size: .shortestEdge(224), cropEdge: 224, mean: openAIMean, deviation: openAIDeviation,
    isSquare: false)

  /// The defaults of a type as `image_processor_type` names it; nil if it is not known.
  static func named(_ type: String) -> ProcessorDefaults? {
    var name = Substring(type)
    for suffix in ["Fast", "Pil", "ImageProcessor", "FeatureExtractor"] where name.hasSuffix(suffix)
    {
      name = name.dropLast(suffix.count)
    }
    switch name {
    case "CLIP", "Bit": return clip
    case "Llava":
      var defaults = clip
      defaults.padsToSquare = true
      return defaults
    case "Siglip":
      return ProcessorDefaults(
        size: .exact(width: 224, height: 224), mean: half, deviation: half, isSquare: false)
    case "ViT":
      return ProcessorDefaults(
        resample: .bilinear, size: .exact(width: 224, height: 224), mean: half, deviation: half,
        isSquare: true)
    case "DeiT":
      return ProcessorDefaults(
        size: .exact(width: 256, height: 256), cropEdge: 224, mean: half, deviation: half,
        isSquare: true)
    case "Blip":
      return ProcessorDefaults(
        size: .exact(width: 384, height: 384), mean: openAIMean, deviation: openAIDeviation,
        isSquare: true)
    case "Gemma3":
      return ProcessorDefaults(
        resample: .bilinear, size: .exact(width: 224, height: 224), mean: half, deviation: half,
        isSquare: true)
    case "Qwen2VL", "Qwen2_5_VL":
      return ProcessorDefaults(
        size: .rounded(factor: 28, pixels: 56 * 56...28 * 28 * 1280), mean: openAIMean,
        deviation: openAIDeviation, isSquare: false, sizing: .merged)
    case "Qwen3VL":
      // No type of transformers, where the configuration of Qwen2-VL's says so.
      return ProcessorDefaults(
        size: .rounded(factor: 32, pixels: 256 * 256...4096 * 4096), mean: half, deviation: half,
        isSquare: false, sizing: .merged)
    case "Idefics3", "SmolVLM":
      return ProcessorDefaults(
        resample: .lanczos, size: .evenLongestEdge(4 * 364, limit: 4096), mean: half,
        deviation: half, isSquare: false, sizing: .longestEdge)
    case "Lfm2Vl":
      return ProcessorDefaults(
        resample: .bilinear, size: .exact(width: 512, height: 512), mean: half, deviation: half,
        isSquare: true, sizing: .tokens, arithmetic: .torchBytes)
    case "LlavaNext":
      var defaults = clip
      defaults.sizing = .canvases
      return defaults
    case "Pixtral":
      return ProcessorDefaults(
        size: .patches(of: 16, within: PixelSize(width: 1024, height: 1024)), mean: openAIMean,
        deviation: openAIDeviation, isSquare: true, sizing: .patches)
    case "Gemma4":
      return ProcessorDefaults(
        size: .budget(factor: 48, pixels: 280 * 48 * 48), mean: [0, 0, 0], deviation: [1, 1, 1],
        isSquare: true, normalizes: false, sizing: .budget)
    case "MM1":
      return ProcessorDefaults(
        size: .exact(width: 378, height: 378), mean: openAIMean, deviation: openAIDeviation,
        isSquare: true, sizing: .subImages)
    case "GotOcr2":
      return ProcessorDefaults(
        size: .exact(width: 384, height: 384), mean: openAIMean, deviation: openAIDeviation,
        isSquare: true, sizing: .proportions)
    default: return nil
    }
  }

  /// Those of LLaVA-NeXT.
  static let canvases = [(672, 336), (336, 672), (672, 672), (336, 1008), (1008, 336)].map {
    PixelSize(width: $0, height: $1)
  }

  /// For a type that is not known: its configuration must say everything that matters.
  static let silent = ProcessorDefaults(
    size: .shortestEdge(224), mean: half, deviation: half, isSquare: true)
}
