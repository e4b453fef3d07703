import FlorinProvider
import Foundation
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The currency that the provider has issued. (EUR is that of the mobile tests, on the same server.)
let sek = "SEK.tests"

/// The server that scripts/test-swift has started.
enum World {
    static let url = environment("FLORIN_TEST_URL")
    static let proxy = environment("FLORIN_TEST_PROXY")

    /// The provider's client, with its currency.
    static let provider = Task {
        let client = try World.client()
        try await client.currencies().create(
            request: CreateExtendedCurrency(
                currencyCode: "SEK", currencyName: "Test krona", currencyDecimals: 8, displayDecimals: 2,
                issuerName: "tests"))
        _ = try await client.currencies().issue(
            request: IssueGatewayCurrency(currencyCode: "SEK", amount: 1_000_000))
        return client
    }

    static func environment(_ name: String) -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            fatalError("\(name) is not set: run scripts/test-swift, which starts a server")
        }
        return value
    }

    static func name(_ prefix: String = "t") -> String {
        prefix + UUID().uuidString.prefix(8).lowercased()
    }

    /// A client of its own.
    static func client(
        _ url: String = url, journal: any Journal = memoryJournal(), key: String = environment("FLORIN_TEST_KEY")
    ) throws -> ProviderClient {
        try ProviderClient(options: options(url), apiKey: key, journal: journal)
    }

    static func options(_ url: String = url) -> ClientOptions {
        ClientOptions(baseUrl: url, retryDelayScalePercent: 3)
    }

    static func user() async throws -> CreatedUser {
        try await provider.value.users().create(request: CreateUser(providerUserId: name("user-")))
    }

    /// What people sign in with.
    static let password = "Str0ng-pass!"

    /// A person with an account, on a profile below the provider's; and the address to sign in with.
    static func person() async throws -> (made: CreatedProfile, email: String) {
        let email = "\(name("person"))@example.com"
        let made = try await provider.value.profiles().create(
            request: CreateProfile(
                kind: .individual, email: email, registerUser: true, subProfile: true,
                callbackUrl: "https://shop.example/welcome", password: password, emailValidation: false,
                firstName: "Ivy", lastName: "Reed"))
        return (made, email)
    }

    /// A profile below the provider's.
    static func shop() async throws -> String {
        try await provider.value.profiles().create(
            request: CreateProfile(
                kind: .organization, email: "\(name("shop"))@example.com", subProfile: true,
                organizationName: "Shop", adminFirstName: "Ada", adminLastName: "Boss")
        ).upid
    }

    /// A request without the SDK.
    static func get(_ url: String) async throws -> (body: Data, answer: HTTPURLResponse) {
        let (body, answer) = try await URLSession.shared.data(from: URL(string: url)!)
        return (body, answer as! HTTPURLResponse)
    }

    /// Pays in from an outside network of the sandbox.
    static func payIn(_ network: String, to address: String, _ amount: String) async throws {
        var request = URLRequest(url: URL(string: "\(url)/sandbox/bridge/\(network)/send")!)
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: ["to": address, "amount": amount])
        let (body, answer) = try await URLSession.shared.data(for: request)
        XCTAssertEqual((answer as! HTTPURLResponse).statusCode, 200, String(decoding: body, as: UTF8.self))
    }

    static func gift(_ user: CreatedUser, _ amount: Decimal) -> CreditWallet {
        CreditWallet(currency: sek, amount: amount, waid: user.waid)
    }

    static func available(_ user: CreatedUser) async throws -> Decimal {
        let wallet = try await provider.value.wallets().get(waid: user.waid)
        return wallet.balances.first { $0.currencyCode == sek }?.available ?? 0
    }
}

/// A way to the server on which things go wrong: see bindings/python/proxy.py for the rules.
struct Way: Sendable {
    private let name = World.name()
    private let rules: String

    init(_ rules: String...) {
        self.rules = rules.joined(separator: ";")
    }

    var url: String { "\(World.proxy)/\(name)/\(rules)" }

    /// How many requests it has `seen`, `hit` with a misfortune, and how many clients were `gone`.
    func count(_ what: String) async throws -> Int {
        let (data, _) = try await URLSession.shared.data(from: URL(string: "\(World.proxy)/stats/\(name)")!)
        let stats = try JSONSerialization.jsonObject(with: data) as! [String: Int]
        return stats[what]!
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
