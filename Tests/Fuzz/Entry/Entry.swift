// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import FuzzTargets
import Glibc

/// Hands a target, named by `FUZZ_TARGET`, to libFuzzer, which calls it with every input it thinks of (LLVM, "libFuzzer –
/// a library for coverage-guided fuzz testing").
@main
struct Entry {
    static func main() {
        let count = UnsafeMutablePointer<CInt>.allocate(capacity: 1)
        unsafe count.initialize(to: CommandLine.argc)
        let arguments = UnsafeMutablePointer<Arguments>.allocate(capacity: 1)
        unsafe arguments.initialize(to: CommandLine.unsafeArgv)
        exit(unsafe runLibFuzzer(count, arguments, tryInput))
    }
}

private typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// The driver inside the library, for programs with a main function of their own.
@_extern(c, "LLVMFuzzerRunDriver")
private func runLibFuzzer(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<Arguments>,
    _ tryInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private func tryInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
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
