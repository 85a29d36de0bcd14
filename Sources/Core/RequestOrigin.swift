// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Which request something is done for, and where that came from.
package struct RequestOrigin: Sendable {
    /// Of the request that this task answers.
    @TaskLocal package static var current: RequestOrigin?

    package let requestID: UUIDv7
    package let address: NetworkAddress

    package init(requestID: UUIDv7, address: NetworkAddress) {
        self.requestID = requestID
        self.address = address
    }
}

extension NetworkAddress {
    /// The network without the last part of the address, as people are shown it: a neighbourhood, not a house.
    package var neighbourhood: String {
        isIPv4
            ? NetworkAddress(high: 0, low: low & ~0xFF).description + "/24"
            : NetworkAddress(high: high & ~0xFFFF, low: 0).description + "/48"
    }
}
