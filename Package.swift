// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import PackageDescription

/// Every room compiles alike: Swift 6 language mode, unsafe constructs marked where they stand, and an
/// async function that stays on its caller's executor unless it says otherwise (docs/decisions/0002).
let house: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Tests speak to many rooms at once; they need not import each one whose members they touch.
let garden = house.dropLast()

/// The server brings Swift's libraries along: calls into them are direct, and the machine it runs on needs no Swift
/// (docs/decisions/0012). The names are what Foundation is made of, in the order in which they lean on each other.
/// ThreadSanitizer must see how memory is taken and given back, and needs the shared libraries for that.
let selfContained: [LinkerSetting] =
    Context.environment["UNNATI_RACE"] != nil
    ? []
    : [.unsafeFlags(["-static-stdlib"])]
        + ["CoreFoundation", "_FoundationICU", "_FoundationCollections", "_FoundationCShims", "stdc++"].map {
            .linkedLibrary($0)
        }

func room(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: Array(garden))
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "unnati",
    products: [
        .executable(name: "unnati", targets: ["unnati"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),

        room("Core", [crypto]),
        room("JSON", ["Core"]),
        room("Telemetry", ["Core", "JSON", logging, metrics]),
        room("Execution", ["Core", "CLinux"]),
        room("Database", ["Core", "Execution", "CPostgres", crypto, deque, logging, metrics]),
        room("Passwords", ["Core", "Execution", "CArgon2", crypto], exclude: ["CommonPasswords/generate"]),
        room(
            "Tokens",
            [
                "Core", "JSON", crypto, .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]),
        room("HTTPMessage", ["Core", "JSON", httpTypes]),
        room("HTTPTransport", ["Core", "Execution", "HTTPMessage", "COpenSSL", httpTypes, logging, metrics]),
        room("HTTPOutbound", ["Core", "Execution", "CCurl", httpTypes, metrics]),
        room("WebApp", ["Core", "HTTPMessage", crypto, httpTypes], exclude: ["Resources"]),
        room("Admission", ["Core", "JSON", "Database", "Jobs", crypto, logging]),
        room("Jobs", ["Core", "JSON", "Database", logging, metrics]),
        room("Privacy", ["Audit", "Core", "Database", crypto]),
        room("Audit", ["Core", "Database"]),
        room("Messaging", ["Core", "JSON", "HTTPMessage", "HTTPOutbound", httpTypes]),
        room(
            "Accounts",
            [
                "Audit", "Core", "Execution", "JSON", "Database", "HTTPOutbound", "Jobs", "Passwords", "Tokens", crypto,
                httpTypes,
            ]),
        room("QRCodes", ["CQRencode"]),
        room("CRM", ["Audit", "Core", "JSON", "Database", "Jobs", logging]),
        room(
            "WebAPI",
            [
                "Core", "JSON", "Telemetry", "HTTPMessage", "Admission", "Accounts", "Audit", "CRM", "Database",
                "Passwords", "QRCodes",
                "Tokens", "WebApp",
                crypto, httpTypes, logging, metrics,
            ]),
        room(
            "Bootstrap",
            [
                "Core", "Telemetry", "Execution", "Database", "Passwords", "Tokens", "HTTPMessage", "HTTPTransport",
                "HTTPOutbound", "Messaging", "Admission", "Audit", "Jobs", "JSON", "QRCodes",
                "Accounts", "CRM", "Privacy", "WebAPI", "WebApp", lifecycle, logging, metrics,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "unnati",
            dependencies: [
                "Accounts", "Audit", "Bootstrap", "CRM", "Core", "Database", "JSON", "Jobs", "Privacy", "Tokens",
                argumentParser,
            ],
            swiftSettings: house,
            linkerSettings: selfContained),
        .target(
            name: "TestSupport",
            dependencies: [
                "Accounts", "Bootstrap", "Core", "Database", "Execution", "HTTPMessage", "HTTPOutbound", "Messaging",
                "Passwords", "Telemetry", "WebAPI", "Yams", httpTypes,
                lifecycle, logging,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/TestSupport", swiftSettings: Array(garden)),
        .executableTarget(
            name: "PasswordProbe", dependencies: ["Core", "Passwords"], path: "Tests/PasswordProbe",
            swiftSettings: house),
        .executableTarget(
            name: "TokenProbe", dependencies: ["Core", "JSON", "Tokens", crypto], path: "Tests/TokenProbe",
            swiftSettings: Array(garden)),
        .executableTarget(
            name: "JobProbe", dependencies: ["Core", "Database", "Execution", "JSON", "Jobs", logging, metrics],
            path: "Tests/JobProbe", swiftSettings: Array(garden)),
        .executableTarget(
            name: "ParserProbe", dependencies: ["HTTPMessage", "HTTPTransport"], path: "Tests/ParserProbe",
            swiftSettings: house),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Core", "CRM", "HTTPMessage", "HTTPOutbound", "HTTPTransport", "JSON", "Passwords", "Tokens", crypto,
                httpTypes,
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: Array(garden)),
        tests("FuzzTests", ["FuzzTargets"]),
        tests("CoreTests", ["Core"]),
        tests("JSONTests", ["Core", "JSON"]),
        tests("ExecutionTests", ["Core", "Execution"]),
        tests("DatabaseTests", ["Core", "Database", "Execution"]),
        tests("PrivacyTests", ["Core", "Database", "Privacy"]),
        tests("PasswordsTests", ["Core", "Execution", "Passwords"]),
        tests("TokensTests", ["Core", "JSON", "Tokens", crypto]),
        tests("HTTPTransportTests", ["Core", "HTTPMessage", "HTTPTransport", httpTypes]),
        tests("HTTPOutboundTests", ["Core", "HTTPOutbound", "Telemetry", httpTypes, metrics]),
        tests("AdmissionTests", ["Admission", "Core", crypto]),
        tests("HTTPMessageTests", ["Core", "HTTPMessage", httpTypes]),
        tests("WebAppTests", ["HTTPMessage", "WebApp", httpTypes]),
        tests("CRMTests", ["Core", "CRM"], exclude: ["Samples"]),
        tests("QRCodesTests", ["QRCodes"]),
        tests("JobsTests", ["Core", "Database", "JSON", "Jobs", .product(name: "Metrics", package: "swift-metrics")]),
        tests(
            "WebAPITests",
            [
                "Accounts", "Admission", "Audit", "Bootstrap", "CRM", "Core", "Database", "HTTPMessage", "Passwords",
                "Privacy",
                "Tokens", "WebAPI", crypto, httpTypes,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// Built by `make fuzz` alone, with libFuzzer.
if Context.environment["UNNATI_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Entry",
            swiftSettings: Array(garden) + [.enableExperimentalFeature("Extern")],
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}
