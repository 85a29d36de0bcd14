// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc

/// How many files and sockets the process may have open.
enum DescriptorLimit {
    /// Takes all that the system allows (getrlimit(2)): the usual soft limit of 1,024 is there for programs that use
    /// select(2), which this is not.
    /// - Returns: the limit from now on.
    static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if unsafe setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
