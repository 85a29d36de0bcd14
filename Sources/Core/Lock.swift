// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc

/// A state and the lock that guards it, held for a few lines at a time.
///
/// A pthread mutex rather than `Synchronization.Mutex`: ThreadSanitizer does not see the futex inside the latter and
/// reports its correct use as a race, and one kind of lock in every build is one kind to trust (docs/decisions/0003).
@safe package final class Lock<State>: @unchecked Sendable {
    // Guard of `state`: `mutex`, held by every access. The mutex never moves, as pthread demands.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    @inline(__always)
    package func with<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result
    {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
