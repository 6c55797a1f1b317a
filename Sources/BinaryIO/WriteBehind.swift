// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes buffers to a file while the next ones are filled.
///
/// One thread fills and takes checksums, another writes, in order; a few buffers go round. The first
/// error is kept and returned by every later call.
final class WriteBehind: @unchecked Sendable {
  private static let bufferCount = 4
  /// Bytes of a system call.
  ///
  /// Linux keeps what one call gives it in pages as large, and on virtual machines such pages are often
  /// those that the host has taken back: to get them again costs more than all else.
  private static let callSize = 1 << 19

  private let descriptor: Int32
  private let bufferSize: Int
  private let queue = DispatchQueue(label: "write behind")
  private let free = DispatchSemaphore(value: WriteBehind.bufferCount - 1)
  private let buffers: [UnsafeMutableRawBufferPointer]
  /// The buffer that is being filled, and how far; touched by the filling thread alone.
  private var current = 0
  private var filled = 0
  /// Where the current buffer belongs in the file.
  private var start: Int
  private let error = Atomic<Int32>(0)
  /// Touched on the queue alone.
  private var written: [WrittenRange]
  /// How many ranges make the parts that have ended; touched on the queue alone.
  private var endedCount: Int

  /// - Parameters:
  ///   - descriptor: An open file; it stays open until ``wait()`` has returned.
  ///   - bufferSize: Bytes that are gathered for a system call.
  ///   - written: What the file holds already; writing goes on behind it.
  init(descriptor: Int32, bufferSize: Int, behind written: [WrittenRange] = []) {
    self.descriptor = descriptor
    self.written = written
    endedCount = written.count
    start = written.last?.bytes.upperBound ?? 0
    self.bufferSize = max(bufferSize, 1)
    buffers = (0..<WriteBehind.bufferCount).map { _ in
      .allocate(byteCount: max(bufferSize, 1), alignment: 4096)
    }
  }

  deinit {
    queue.sync {}
    for buffer in buffers { buffer.deallocate() }
  }

  /// Appends bytes; they are copied.
  ///
  /// - Returns: The code of an error of this or an earlier write, 0 if there was none.
  func append(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(rest.count, bufferSize - filled)
      UnsafeMutableRawBufferPointer(rebasing: buffers[current][filled..<filled + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
      filled += count
      rest = rest.dropFirst(count)
      if filled == bufferSize { handOver() }
    }
    return error.load(ordering: .acquiring)
  }

  /// Ends a part of the file: all since the last one ended.
  ///
  /// - Parameter tell: Called when it was written, on a thread of its own, one part after the other.
  func endPart(_ tell: @escaping (WrittenRange) -> Void) {
    handOver()
    nonisolated(unsafe) let tell = tell
    queue.async { [self] in
      guard error.load(ordering: .acquiring) == 0 else { return }
      let start = endedCount > 0 ? written[endedCount - 1].bytes.upperBound : 0
      let own = written[endedCount...]
      var checksum = Checksum()
      for range in own { checksum.append(range.checksum, byteCount: range.bytes.count) }
      endedCount = written.count
      tell(WrittenRange(bytes: start..<(own.last?.bytes.upperBound ?? start), checksum: checksum))
    }
  }

  /// What was written, with checksums, in order; call ``flush()`` before to have all of it.
  var writtenRanges: [WrittenRange] { queue.sync { written } }

  /// Has everything brought to the disk, without waiting for it.
  func beginSynchronizing() {
    handOver()
    queue.async { [self] in
      if error.load(ordering: .acquiring) == 0, fsync(descriptor) != 0 { fail(errno) }
    }
  }

  /// Writes what is pending.
  ///
  /// - Returns: The code of an error of any write, 0 if there was none.
  func flush() -> Int32 {
    handOver()
    return wait()
  }

  /// Waits until no write is under way.
  ///
  /// - Returns: The code of an error of any write, 0 if there was none.
  func wait() -> Int32 {
    queue.sync {}
    return error.load(ordering: .acquiring)
  }

  private func handOver() {
    guard filled > 0 else { return }
    let buffer = UnsafeRawBufferPointer(rebasing: buffers[current][..<filled])
    let offset = start
    start += filled
    filled = 0
    current = (current + 1) % buffers.count
    // Not on the queue: there is less to do here, and the bytes are in the processor's cache.
    let range = WrittenRange(
      bytes: offset..<offset + buffer.count, checksum: Checksum(of: buffer))
    nonisolated(unsafe) let bytes = buffer
    queue.async { [self] in
      write(bytes, at: offset)
      written.append(range)
      free.signal()
    }
    free.wait()
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard error.load(ordering: .acquiring) == 0 else { return }
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(
        descriptor, base + done, min(bytes.count - done, WriteBehind.callSize),
        off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        return fail(count == 0 ? ENOSPC : errno)
      }
    }
    #if os(Linux)
      // The disk begins at once, and there is little left to wait for in the end.
      _ = posix_fadvise(descriptor, off_t(offset), off_t(bytes.count), POSIX_FADV_DONTNEED)
    #endif
  }

  private func fail(_ code: Int32) {
    _ = error.compareExchange(expected: 0, desired: code, ordering: .acquiringAndReleasing)
  }
}
