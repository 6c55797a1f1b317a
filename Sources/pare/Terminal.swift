// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Standard output, standard error, and what is known of them.
enum Terminal {
  /// Whether someone sees progress as it happens, on a terminal that can clear a line.
  static var showsProgress: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// The characters of a line of standard error.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Opens what the process was started without.
  ///
  /// The next file that is opened gets the lowest free number: an output could take that of
  /// standard error, and have messages written into it.
  static func occupyStandardDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) < 0 {
      // Reading alone, so that a result that nobody receives still fails to be written.
      _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  static func write(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }

  /// Writes lines of a report; control characters in names from files are spelled out.
  static func writeReport(_ text: String) { write(spelledOut(text)) }

  /// Writes a line of what a user must know beside the result, likewise.
  static func writeNote(_ text: String) { writeError("pare: note: \(spelledOut(text))\n") }

  private static func spelledOut(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control, scalar != "\n" {
        line += scalar.escaped(asASCII: true)
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

  /// A result that cannot be delivered must not look like success.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        #if canImport(Glibc)
          Glibc.write(descriptor, $0.baseAddress, $0.count)
        #else
          Darwin.write(descriptor, $0.baseAddress, $0.count)
        #endif
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        guard descriptor != STDERR_FILENO else { return }
        if errno == EPIPE {
          // Whoever read has seen enough; that is no error to speak of.
          signal(SIGPIPE, SIG_DFL)
          raise(SIGPIPE)
        }
        writeError("pare: cannot write the result: \(String(cString: strerror(errno)))\n")
        _exit(2)
      }
    }
  }
}
