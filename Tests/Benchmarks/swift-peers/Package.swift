// swift-tools-version: 6.0
// SPDX-License-Identifier: Apache-2.0
// Peers to measure against: the small reply as Hummingbird's own documentation writes it, and the list of customers as its
// users do.

import PackageDescription

let package = Package(
    name: "swift-peers",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(name: "hello", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
        .systemLibrary(name: "CLibpq"),
        .executableTarget(
            name: "list",
            dependencies: [
                "CLibpq", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: [.unsafeFlags(["-Xcc", "-I/usr/include/postgresql"])]),
    ]
)
