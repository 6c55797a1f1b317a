// SPDX-License-Identifier: Apache-2.0

package import BinaryIO

/// A checkpoint that cannot be read or written, and why.
package struct CheckpointError: Error, CustomStringConvertible, Sendable {
  /// Which rule was broken; one case a rule.
  package enum Kind: String, Sendable, CaseIterable {
    /// A system call failed; the sentence says which.
    case system

    // What the file is, if it is no checkpoint
    case empty, gitLFSPointer, htmlPage, pickle, zipArchive, textFile, legacyGGML
    case otherContainer, unrecognized

    // Finding the files of a checkpoint
    case nothingFound, ambiguous
    case indexMalformed, indexPathNotPlain, shardMissing
    case tensorNotInIndex, tensorInOtherShard, tensorMissingFromShard
    case splitPartMissing, splitKeysWrong, splitNameWrong

    // safetensors
    case headerTruncated, headerTooLarge, headerNotObject, headerMalformed
    case metadataMalformed, entryMalformed, unknownDtype
    case rangeReversed, rangeGap, rangeOverlap, sizeMismatch

    // GGUF
    case versionUnsupported, bigEndian, truncated, countTooLarge
    case keyMalformed, keyDuplicate, valueTypeUnknown, nestedArray, boolMalformed
    case textMalformed, alignmentMalformed
    case nameTooLong, tooManyDimensions, typeUnknown, typeRemoved
    case rowNotDivisible, offsetMisplaced

    // Weights in several planes
    case packingUnknown, packingMalformed

    // Both
    case tensorDuplicate, shapeTooLarge, dataTruncated, dataTrailing

    // Writing
    case encodingUnsupported, misaligned, tooManyBytes, unfinished, verificationFailed
  }

  package let kind: Kind
  package let path: String
  /// The tensor that it is about, if it is about one.
  package let tensor: String?
  /// Where in the file, in bytes from its start, if it is about one place.
  package let byteOffset: Int?
  /// What was expected, what was found, and what to do.
  package let sentence: String
  /// The failed system call under ``Kind/system``.
  package let cause: FileError?

  package init(
    _ kind: Kind, path: String, tensor: String? = nil, byteOffset: Int? = nil, _ sentence: String
  ) {
    self.kind = kind
    self.path = path
    self.tensor = tensor
    self.byteOffset = byteOffset
    self.sentence = sentence
    cause = nil
  }

  package init(_ error: FileError) {
    kind = .system
    path = error.path
    tensor = nil
    byteOffset = nil
    sentence = String(error.description.dropFirst(error.path.count + 2))
    cause = error
  }

  package var description: String {
    var text = path + ": "
    if let tensor { text += "tensor '\(tensor)': " }
    if let byteOffset { text += "byte \(byteOffset): " }
    return CheckpointError.printable(text + sentence)
  }

  /// Text in which names from a file cannot steer a terminal.
  private static func printable(_ text: String) -> String {
    var printable = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
        printable += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        printable.unicodeScalars.append(scalar)
      }
    }
    return printable
  }
}

extension MappedFile {
  /// Maps a file for a reader of checkpoints.
  static func checkpoint(_ path: String) throws(CheckpointError) -> MappedFile {
    do throws(FileError) { return try MappedFile(path: path) } catch {
      throw CheckpointError(error)
    }
  }
}
