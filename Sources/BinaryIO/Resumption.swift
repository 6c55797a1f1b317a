// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How an interrupted run's work on a file is kept, for one that goes on with it.
package struct Resumption: Sendable {
  /// How long a file must have been in the making to be kept: `PARE_KEEP_AFTER` in seconds, else 10.
  ///
  /// Shorter work is done again sooner than anybody has read that it was kept.
  package static let patience: Duration = {
    let seconds = getenv("PARE_KEEP_AFTER").flatMap { Double(String(cString: $0)) } ?? 10
    return .seconds(seconds.isFinite ? min(max(seconds, 0), 1e9) : 10)
  }()

  /// Everything that decides the bytes of the file; another run goes on only if it has the same.
  package let plan: String
  /// How long a file must have been in the making to be kept.
  package let patience: Duration

  /// - Parameters:
  ///   - plan: Everything that decides the bytes of the file, in a line of text.
  ///   - patience: How long a file must have been in the making to be kept.
  package init(plan: String, patience: Duration = Resumption.patience) {
    self.plan = plan
    self.patience = patience
  }

  /// Where the unfinished file of a target lies.
  package static func file(of path: String) -> String {
    TemporaryFile.folder(of: path) + "/" + TemporaryFile.prefix(for: path).dropLast()
  }

  /// The same for a plan that says more.
  package func adding(_ text: String) -> Resumption {
    Resumption(plan: "\(plan), \(text)", patience: patience)
  }
}

/// What an interrupted run leaves behind for one that goes on with it.
package struct KeptWork: Sendable, Equatable {
  /// The file that is not finished, or the folder.
  package let path: String
  /// How much of it is.
  package let byteCount: Int
}
