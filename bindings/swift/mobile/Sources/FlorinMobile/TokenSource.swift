import Foundation

/// The app's own way to a token, as the library calls it.
final class Tokens: TokenSource {
    private let fetch: @Sendable () async throws -> String

    init(_ fetch: @escaping @Sendable () async throws -> String) {
        self.fetch = fetch
    }

    func freshToken() async throws -> String {
        do {
            return try await fetch()
        } catch let error as URLError {
            // An app that is offline must not sign its user out.
            throw TokenError.unavailable(reason: "URLError \(error.code.rawValue)")
        }
    }
}
