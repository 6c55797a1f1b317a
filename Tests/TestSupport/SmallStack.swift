// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// Runs on a thread with 512 KiB of stack, as threads of the system have on some platforms.
package func onSmallStack(_ body: @escaping @Sendable () -> Void) {
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    body()
    done.signal()
  }
  thread.stackSize = 512 * 1024
  thread.start()
  done.wait()
}
