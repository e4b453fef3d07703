import FlorinMobile
import Foundation
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The currency that the provider has issued.
let eur = "EUR.tests"

/// The provider's own server, which holds the API key. An app's package cannot hold the provider's, so that this one
/// speaks HTTP.
enum Backend {
    struct User: Sendable {
        let uuid, upid, waid, providerUserId: String
    }

    static let url = environment("FLORIN_TEST_URL")
    static let proxy = environment("FLORIN_TEST_PROXY")
    private static let key = environment("FLORIN_TEST_KEY")

    private static let currency = Task {
        try await post(
            "currency/extended/create",
            [
                "currencycode": "EUR", "currencyname": "Test euro", "currencydecimals": 8, "displaydecimals": 2,
                "issuername": "tests",
            ])
        try await post("currency/issue", ["currencycode": "EUR", "amount": "1000000"])
    }

    private static func environment(_ name: String) -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            fatalError("\(name) is not set: run scripts/test-swift, which starts a server")
        }
        return value
    }

    static func name(_ prefix: String = "t") -> String {
        prefix + UUID().uuidString.prefix(8).lowercased()
    }

    /// A person with an account, who signs in at a browser.
    struct Person: Sendable {
        let email, upid, uuid: String
    }

    private static let password = "Str0ng-pass!"

    static func person() async throws -> Person {
        let email = "\(name("person"))@example.com"
        let made = try await post(
            "profile",
            [
                "type": "individual", "email": email, "registeruser": true, "subprofile": true, "password": password,
                "callbackurl": "https://shop.example/welcome", "emailvalidation": false, "firstname": "Ivy",
                "lastname": "Reed",
            ])
        return Person(email: email, upid: made["upid"]!, uuid: made["uuid"]!)
    }

    /// The person opens this address in a browser, signs in and decides; where that leads, which is the app.
    static func browser(_ url: String, _ person: Person, _ decision: String) async throws -> String {
        let texts = ["url": url, "email": person.email, "password": password, "decision": decision]
        let answer = try await exchange("POST", "\(proxy)/browser", body: JSONSerialization.data(withJSONObject: texts))
        return String(decoding: answer, as: UTF8.self)
    }

    static func user() async throws -> User {
        let made = try await post("user/create", ["provideruserid": name("user-")])
        return User(
            uuid: made["uuid"]!, upid: made["upid"]!, waid: made["waid"]!, providerUserId: made["provideruserid"]!)
    }

    @discardableResult
    static func credit(_ user: User, _ amount: String, reference: String? = nil) async throws -> String {
        try await currency.value
        var request = ["waid": user.waid, "currency": eur, "amount": amount]
        request["referenceid"] = reference
        return try await post("wallet/credit", request)["txid"]!
    }

    static func token(_ user: User) async throws -> (token: String, mtid: String) {
        let made = try await post("user/mobiletoken", ["uuid": user.uuid])
        return (made["token"]!, made["mtid"]!)
    }

    static func revoke(_ mtid: String) async throws {
        _ = try await send("DELETE", "\(url)/api/v1/user/mobiletoken/\(mtid)", headers: ["X-APIKey": key])
    }

    /// Ends a token's time on the server.
    static func expire(_ mtid: String) async throws {
        let answer = try await send("POST", "\(proxy)/expire/\(mtid)")
        XCTAssertEqual(answer["changed"] as? Int, 1)
    }

    @discardableResult
    static func post(_ path: String, _ body: [String: any Sendable]) async throws -> [String: String] {
        let body = try JSONSerialization.data(withJSONObject: body)
        let answer = try await send("POST", "\(url)/api/v1/\(path)", body: body, headers: ["X-APIKey": key])
        XCTAssertEqual(answer["resultcode"] as? Int, 10000, "\(path): \(answer)")
        return answer.compactMapValues { $0 as? String }
    }

    static func send(
        _ method: String, _ url: String, body: Data? = nil, headers: [String: String] = [:]
    ) async throws -> [String: Any] {
        let answer = try await exchange(method, url, body: body, headers: headers)
        return try JSONSerialization.jsonObject(with: answer) as! [String: Any]
    }

    private static func exchange(
        _ method: String, _ url: String, body: Data?, headers: [String: String] = [:]
    ) async throws -> Data {
        var request = URLRequest(url: URL(string: url)!)
        request.httpMethod = method
        request.httpBody = body
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        return try await URLSession.shared.data(for: request).0
    }
}

/// A way to the server on which things go wrong: see bindings/python/proxy.py for the rules.
struct Way: Sendable {
    private let name = Backend.name()
    private let rules: String

    init(_ rules: String...) {
        self.rules = rules.joined(separator: ";").addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)!
    }

    var url: String { "\(Backend.proxy)/\(name)/\(rules)" }

    /// How many requests it has `seen`, `hit` with a misfortune, and how many clients were `gone`.
    func count(_ what: String) async throws -> Int {
        try await Backend.send("GET", "\(Backend.proxy)/stats/\(name)")[what] as! Int
    }
}

/// A token source that counts.
actor Counting: TokenSource {
    private(set) var fetches = 0
    private let fetch: @Sendable (Int) async throws -> String

    init(_ fetch: @escaping @Sendable (Int) async throws -> String) {
        self.fetch = fetch
    }

    func freshToken() async throws -> String {
        fetches += 1
        return try await fetch(fetches)
    }
}

func options(_ url: String = Backend.url) -> ClientOptions {
    ClientOptions(baseUrl: url, retryDelayScalePercent: 3)
}

func app(_ url: String = Backend.url, _ tokens: any TokenSource) throws -> MobileClient {
    try MobileClient(options: options(url), tokens: tokens)
}

/// The app of a user.
func app(of user: Backend.User, _ url: String = Backend.url) throws -> MobileClient {
    try MobileClient(options: options(url)) {
        try await Backend.token(user).token
    }
}

/// The error that `work` throws.
func thrown<E: Error>(
    _ type: E.Type, line: UInt = #line, _ work: () async throws -> some Any
) async throws -> E {
    do {
        let value = try await work()
        XCTFail("nothing thrown, but \(value)", line: line)
    } catch let error as E {
        return error
    }
    throw CocoaError(.featureUnsupported)
}

func eventually(line: UInt = #line, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<1000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    XCTFail("it did not happen", line: line)
}
