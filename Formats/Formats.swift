// SPDX-License-Identifier: Apache-2.0

/// The declarations and recipes that are embedded in the binary, one JSON file each.
///
/// `PackageResources` is made by the build from the folders beside this file.
package enum Formats {}
