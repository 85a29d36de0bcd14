// swift-tools-version: 6.0
// SPDX-License-Identifier: Apache-2.0
// A peer to measure against: the small reply, as Hummingbird's own documentation writes it.

import PackageDescription

let package = Package(
    name: "hello",
    dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1")],
    targets: [.executableTarget(name: "hello", dependencies: [.product(name: "Hummingbird", package: "hummingbird")])]
)
