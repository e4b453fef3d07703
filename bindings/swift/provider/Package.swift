// swift-tools-version:6.0
import PackageDescription

// The folder of the native library is given on the command line (see README.md), as unsafeFlags here would bar the
// package from being a dependency.
let package = Package(
    name: "FlorinProvider",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "FlorinProvider", targets: ["FlorinProvider"])],
    targets: [
        // The generated C headers, with a module map of ours. In a release for Apple platforms this target is a
        // .binaryTarget(name: "FlorinProviderFFI", path: "FlorinProviderFFI.xcframework").
        .systemLibrary(name: "FlorinProviderFFI"),
        // Generated code, in Swift 5 mode: what uniffi 0.32 generates for a protocol that an app implements does not
        // pass the checks of Swift 6.
        .target(
            name: "FlorinProviderBindings",
            dependencies: ["FlorinProviderFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        // What is imported: our layer, and the generated code with it.
        .target(name: "FlorinProvider", dependencies: ["FlorinProviderBindings"]),
        .testTarget(name: "FlorinProviderTests", dependencies: ["FlorinProvider"]),
    ],
    swiftLanguageModes: [.v6]
)
