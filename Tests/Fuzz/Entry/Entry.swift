// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import FuzzTargets
import Glibc

/// What libFuzzer calls with every input it thinks of (LLVM, "libFuzzer – a library for coverage-guided fuzz testing").
/// `FUZZ_TARGET` names the target.
@c(LLVMFuzzerTestOneInput)
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let target: FuzzTarget = {
    guard let name = unsafe getenv("FUZZ_TARGET").map({ unsafe String(cString: $0) }),
        let target = FuzzTarget(rawValue: name)
    else {
        fatalError("FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()
