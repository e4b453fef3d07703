import FlorinMobile
import Foundation
import XCTest

/// An app whose users have an account: they sign in by the system's browser, with OAuth and PKCE.
final class SignInTests: XCTestCase {
    private let redirect = "com.example.app:/callback"

    /// The app's place for secrets.
    private actor Keychain: RefreshTokenKeeper {
        private(set) var kept: [String] = []

        func keep(refreshToken: String) async throws {
            kept.append(refreshToken)
        }
    }

    private func oauth(_ scope: String? = nil) async throws -> OAuthClient {
        let made = try await Backend.post(
            "application", ["name": "Phone", "type": "public", "redirecturis": redirect])
        return try OAuthClient(
            options: options(),
            settings: OAuthSettings(clientId: made["clientid"]!, redirectUri: redirect, scope: scope))
    }

    func testAPersonSignsInTheAppReadsAndTheySignOut() async throws {
        let person = try await Backend.person()
        let oauth = try await oauth("openid")
        let request = try oauth.begin()
        let answer = try await Backend.browser(request.authorizeUrl, person, "allow")
        XCTAssertTrue(answer.hasPrefix("\(redirect)?code="), answer)
        // An answer to another request is none to this one.
        let other = try await thrown(FlorinError.self) {
            try await oauth.finish(request: oauth.begin(), redirect: answer)
        }
        guard case .invalidInput(field: "redirect", _) = other else { return XCTFail("\(other)") }
        let tokens = try await oauth.finish(request: request, redirect: answer)
        XCTAssertEqual(tokens.scope, "read openid")
        XCTAssertEqual(tokens.idToken?.split(separator: ".").count, 3)
        // In a log, say.
        XCTAssertEqual(
            "\(tokens)", "OAuthTokens(accessToken: ***, refreshToken: ***, scope: read openid, idToken: ***)")
        XCTAssertFalse("\([request])".contains(request.verifier))

        let keychain = Keychain()
        let app = try app(Backend.url, oauth.tokenSource(refreshToken: tokens.refreshToken, keeper: keychain))
        let me = try await app.me()
        XCTAssertEqual(me.uuid, person.uuid)
        let wallet = try await app.wallet()
        XCTAssertEqual(wallet.upid, person.upid)
        // It was refreshed once, and what it is refreshed with next has been kept.
        var kept = await keychain.kept
        XCTAssertEqual(kept.count, 1)
        XCTAssertNotEqual(kept.first, tokens.refreshToken)

        // The app starts again, with what it has kept.
        let again = try FlorinMobileTests.app(
            Backend.url, oauth.tokenSource(refreshToken: XCTUnwrap(kept.first), keeper: keychain))
        let profile = try await again.profile()
        XCTAssertEqual(profile.upid, person.upid)
        kept = await keychain.kept
        XCTAssertEqual(kept.count, 2)
        try await oauth.signOut(refreshToken: XCTUnwrap(kept.last))
        for over in [
            try await thrown(FlorinError.self) { try await again.me() },
            // A code is good once.
            try await thrown(FlorinError.self) { try await oauth.finish(request: request, redirect: answer) },
        ] {
            guard case .unauthorized = over else { return XCTFail("\(over)") }
        }
    }

    func testAPersonWhoRefusesAndAServerThatIsNotThere() async throws {
        let oauth = try await oauth()
        let request = try oauth.begin()
        let answer = try await Backend.browser(request.authorizeUrl, Backend.person(), "deny")
        let refused = try await thrown(FlorinError.self) {
            try await oauth.finish(request: request, redirect: answer)
        }
        guard case .unauthorized(_, let reason, _) = refused else { return XCTFail("\(refused)") }
        XCTAssertTrue(reason.contains("access_denied"), reason)

        let settings = OAuthSettings(clientId: "abcd2345", redirectUri: redirect)
        let away = try OAuthClient(options: options("http://127.0.0.1:1"), settings: settings)
        let app = try app(Backend.url, away.tokenSource(refreshToken: "a token", keeper: Keychain()))
        let later = try await thrown(FlorinError.self) { try await app.me() }
        XCTAssertTrue(later.mayRetry, "\(later)")  // and nobody is signed out
    }
}
