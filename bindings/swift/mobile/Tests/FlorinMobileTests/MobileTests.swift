import FlorinMobile
import Foundation
import XCTest

/// The app: it reads.
final class MobileTests: XCTestCase {
    func testWalletsAreRead() async throws {
        let alice = try await Backend.user()
        try await Backend.credit(alice, "1234.56789012")
        let app = try app(of: alice)
        let wallet = try await app.wallet()
        XCTAssertEqual(wallet.waid, alice.waid)
        XCTAssertTrue(wallet.isDefault)
        let balance = try XCTUnwrap(wallet.balances.first)
        XCTAssertEqual(balance.currencyCode, eur)
        XCTAssertEqual(balance.available, Decimal(string: "1234.56789012"))
        XCTAssertEqual(balance.held, 0)
        let same = try await app.wallet(alice.waid)
        XCTAssertEqual(same, wallet)

        let wallets = try await app.wallets()
        XCTAssertEqual(wallets.map(\.waid), [alice.waid])
        let me = try await app.me()
        XCTAssertEqual(me.uuid, alice.uuid)
        XCTAssertEqual(me.providerUserId, alice.providerUserId)
        XCTAssertEqual(me.created.timeIntervalSinceNow, 0, accuracy: 300)
        let currencies = try await app.currencies()
        XCTAssertTrue(currencies.map(\.currencyCode).contains(eur))
        let settings = try await app.settings()
        XCTAssertEqual(settings.currencies, currencies)
        let roles = try await app.roles()
        XCTAssertFalse(roles.isEmpty)
    }

    func testHistoryIsReadPageByPage() async throws {
        let alice = try await Backend.user()
        for cents in 1...7 {
            try await Backend.credit(alice, "0.0\(cents)", reference: "\(alice.waid)-\(cents)")
        }
        let way = Way("none,0,x")
        let app = try app(of: alice, way.url)
        let pages = app.allTransactions(pageSize: 3)
        var all: [ListedTransaction] = []
        for try await transaction in pages { all.append(transaction) }
        XCTAssertEqual(all.map(\.amount), (1...7).reversed().map { Decimal(string: "0.0\($0)")! })
        var seen = try await way.count("seen")
        XCTAssertEqual(seen, 3)
        // Each loop starts anew, and fetches only what it needs.
        for try await transaction in pages.prefix(2) { XCTAssertTrue(all.prefix(2).contains(transaction)) }
        seen = try await way.count("seen")
        XCTAssertEqual(seen, 4)

        XCTAssertEqual(all[0].kind, .credit)
        XCTAssertEqual(all[0].state, .completed)
        XCTAssertEqual(all[0].referenceId, "\(alice.waid)-7")
        XCTAssertEqual(all[0].balance, Decimal(string: "0.28"))
        XCTAssertEqual(all[0].timestamp.timeIntervalSinceNow, 0, accuracy: 60)

        let first = try await app.transactions(limit: 2)
        let second = try await app.transactions(limit: 2, after: first.next)
        XCTAssertEqual(second.transactions, Array(all[2...3]))
        let one = try await app.transactions(referenceId: "\(alice.waid)-4")
        XCTAssertEqual(one.transactions, [all[3]])
        let earlier = try await app.transactions(to: Date(timeIntervalSinceNow: -3600))
        XCTAssertEqual(earlier.transactions, [])

        let details = try await app.transaction(all[0].txid)
        XCTAssertEqual(details.amount, Decimal(string: "0.07"))
        XCTAssertEqual(details.destinationWaid, alice.waid)
    }

    func testPaymentRequestsAreRead() async throws {
        let alice = try await Backend.user()
        try await Backend.credit(alice, "20")
        var asked: [[String: String]] = []
        for _ in 1...3 {
            asked.append(
                try await Backend.post(
                    "payment/request",
                    ["amount": "4.50", "currency": eur, "method": "wallet", "sourcewaid": alice.waid]))
        }
        let app = try app(of: alice)
        // What the app scans is only a hint: it asks the server.
        let code = try PaymentCode(scanned: XCTUnwrap(asked[0]["qrpayload"]))
        XCTAssertEqual(try PaymentCode(scanned: code.encoded()), code)
        let waiting = try await app.payment(code.prid)
        XCTAssertEqual(waiting.status, .waiting)
        XCTAssertFalse(waiting.status.isFinal)
        XCTAssertEqual(waiting.amount, Decimal(string: "4.5"))

        try await Backend.post(
            "payment/accept", ["prid": code.prid, "currency": eur, "method": "wallet", "totalamount": "4.5"])
        let paid = try await app.payment(code.prid)
        XCTAssertEqual(paid.status, .paid)
        XCTAssertTrue(paid.status.isFinal)
        var listed: [String] = []
        for try await payment in app.allPayments(pageSize: 2) { listed.append(payment.prid) }
        XCTAssertEqual(listed, asked.reversed().map { $0["prid"]! })
        let newest = try await app.payments(limit: 1)
        XCTAssertEqual(newest.payments.map(\.direction), [.incoming])
        XCTAssertThrowsError(try PaymentCode(scanned: "https://example.com/")) {
            guard case FlorinError.invalidInput(field: "code", _) = $0 else { return XCTFail("\($0)") }
        }
    }

    func testTheProfileIsReadAndWhereMoneyComesIn() async throws {
        let alice = try await Backend.user()
        let made = try await Backend.post("wallet/depositaddress", ["method": "ripple", "waid": alice.waid])
        let app = try app(of: alice)
        let profile = try await app.profile()
        XCTAssertEqual(profile.upid, alice.upid)
        let profiles = try await app.profiles()
        XCTAssertEqual(profiles.map(\.upid), [alice.upid])
        let attributes = try await app.extendedAttributes()
        XCTAssertFalse(attributes.contains { $0.name.isEmpty })
        let address = try await app.depositAddress(GetWalletDepositAddress(method: "ripple", currencyCode: "XRP"))
        XCTAssertEqual(address.address, made["depositaddress"])
        let none = try await thrown(FlorinError.self) {
            try await app.depositAddress(GetWalletDepositAddress(method: "stellar", currencyCode: "XLM"))
        }
        XCTAssertEqual(none.resultCode, 20005)
    }

    func testWhatHappensIsToldLiveAndAfterABreak() async throws {
        let (alice, bob) = (try await Backend.user(), try await Backend.user())
        let app = try app(of: alice)
        let start = try await app.events().next
        let heard = Task {
            var events: [LiveEvent] = []
            for try await event in app.liveEvents(after: start).prefix(2) { events.append(event) }
            return events
        }
        try await Backend.credit(bob, "9")
        let txids = [try await Backend.credit(alice, "5"), try await Backend.credit(alice, "1.5")]
        let events = try await heard.value
        XCTAssertEqual(events.map(\.data.txid), txids)
        XCTAssertEqual(events.map(\.kind), [.credit, .credit])
        XCTAssertEqual(events.map(\.data.balance), [5, 6.5])
        // From the first one on; and the same by asking.
        for try await event in app.liveEvents(after: events[0].id).prefix(1) {
            XCTAssertEqual(event.data, events[1].data)
        }
        let page = try await app.events(GetEvents(after: start))
        XCTAssertEqual(page.events.map(\.data), events.map(\.data))

        // Nothing happens: who waits can be cancelled.
        let waiting = Task { for try await event in app.liveEvents() { XCTFail("\(event)") } }
        try await Task.sleep(for: .milliseconds(200))
        let began = ContinuousClock.now
        waiting.cancel()
        _ = try await thrown(CancellationError.self) { try await waiting.value }
        XCTAssertLessThan(began.duration(to: .now), .seconds(1))
        let old = try await thrown(FlorinError.self) {
            for try await event in app.liveEvents(after: "nowhere") { XCTFail("\(event)") }
        }
        XCTAssertEqual(old.resultCode, 20000)
    }

    func testErrorsArriveTyped() async throws {
        let (alice, bob) = (try await Backend.user(), try await Backend.user())
        let foreign = try await Backend.credit(bob, "1")
        let client = try app(of: alice)
        do {
            _ = try await client.transaction(foreign)
            XCTFail("nothing thrown")
        } catch let error as FlorinError {
            guard case .refused(let code, let name, _, _, let requestId) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(code, 20005)
            XCTAssertEqual(name, "NOT_FOUND")
            XCTAssertNotNil(requestId)
            XCTAssertEqual(error.requestId, requestId)
            XCTAssertEqual(error.knowledge, .refused)
            XCTAssertEqual(error.resultCode, 20005)
            XCTAssertFalse(error.mayRetry)
            XCTAssertTrue("\(error)".hasPrefix("refused (20005 NOT_FOUND): "), "\(error)")
            XCTAssertEqual(error.localizedDescription, "\(error)")
        }
        let invalid = try await thrown(FlorinError.self) { try await client.wallet("not a wallet") }
        guard case .invalidInput(field: "waid", _) = invalid else { return XCTFail("\(invalid)") }
        let limit = try await thrown(FlorinError.self) { try await client.transactions(limit: 100_000) }
        XCTAssertEqual(limit.resultCode, 20000)

        let bad = try await thrown(FlorinError.self) { try app("not a URL", Counting { _ in "" }) }
        guard case .invalidInput(field: "base_url", _) = bad else { return XCTFail("\(bad)") }
        let nobody = try app("http://127.0.0.1:1", Counting { _ in "token" })
        let unavailable = try await thrown(FlorinError.self) { try await nobody.me() }
        XCTAssertTrue(unavailable.mayRetry)
        let stranger = try app(Backend.url, Counting { _ in "wrong" })
        let unauthorized = try await thrown(FlorinError.self) { try await stranger.me() }
        XCTAssertEqual(unauthorized.resultCode, 20001)
    }

    func testTheTokenSourceIsCalledForTheFirstCallAndNotForTheNext() async throws {
        let alice = try await Backend.user()
        let tokens = Counting { _ in try await Backend.token(alice).token }
        let app = try app(Backend.url, tokens)
        for _ in 1...3 {
            let me = try await app.me()
            XCTAssertEqual(me.uuid, alice.uuid)
        }
        let fetches = await tokens.fetches
        XCTAssertEqual(fetches, 1)
    }

    func test50CallsOnAnExpiredTokenFetchOneNewToken() async throws {
        let alice = try await Backend.user()
        let kept = try await Backend.token(alice)
        try await Backend.expire(kept.mtid)
        let tokens = Counting { try await $0 == 1 ? kept.token : Backend.token(alice).token }
        let way = Way("none,0,x")
        let app = try app(way.url, tokens)
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...50 { group.addTask { try await app.me().uuid } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(answers, Array(repeating: alice.uuid, count: 50))
        let fetches = await tokens.fetches
        XCTAssertEqual(fetches, 2)  // the one that the app had kept, and one new one
        let seen = try await way.count("seen")
        XCTAssertEqual(seen, 100)  // each call was told that its token is over, and came again
    }

    func test50CallsOnARevokedTokenFetchOneNewToken() async throws {
        let alice = try await Backend.user()
        let first = try await Backend.token(alice)
        let tokens = Counting { try await $0 == 1 ? first.token : Backend.token(alice).token }
        let app = try app(Backend.url, tokens)
        _ = try await app.me()
        try await Backend.revoke(first.mtid)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...50 { group.addTask { _ = try await app.wallet() } }
            try await group.waitForAll()
        }
        let fetches = await tokens.fetches
        XCTAssertEqual(fetches, 2)
    }

    func testATokenSourceThatThrowsIsATypedError() async throws {
        func error(_ thrown: any Error) async throws -> FlorinError {
            let app = try app(Backend.url, Counting { _ in throw thrown })
            return try await FlorinMobileTests.thrown(FlorinError.self) { try await app.me() }
        }
        struct Bug: Error {}
        for signIn: any Error in [TokenError.denied(reason: "the session is over"), Bug()] {
            let error = try await error(signIn)
            guard case .unauthorized(nil, let reason, nil) = error else { return XCTFail("\(error)") }
            XCTAssertTrue(reason.contains("the session is over") || reason.contains("Bug"), reason)
        }
        for later: any Error in [TokenError.unavailable(reason: "in a tunnel"), URLError(.notConnectedToInternet)] {
            let error = try await error(later)
            guard case .unavailable(nil, let reason, nil) = error else { return XCTFail("\(error)") }
            XCTAssertTrue(reason.contains("in a tunnel") || reason.contains("URLError"), reason)
        }
    }

    func testACancelledReadEndsAtOnceAndTheNextOneWorks() async throws {
        let alice = try await Backend.user()
        let way = Way("hang,1,me")
        let app = try app(of: alice, way.url)
        _ = try await app.wallet()
        let task = Task { try await app.me() }
        try await eventually { try await way.count("hit") == 1 }
        let began = ContinuousClock.now
        task.cancel()
        _ = try await thrown(CancellationError.self) { try await task.value }
        XCTAssertLessThan(began.duration(to: .now), .seconds(1))
        try await eventually { try await way.count("gone") == 1 }  // the connection is closed, too
        let me = try await app.me()
        XCTAssertEqual(me.uuid, alice.uuid)

        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await app.me()
        }
        _ = try await thrown(CancellationError.self) { try await early.value }
    }

    func testACancelledLoopEndsAtOnce() async throws {
        let alice = try await Backend.user()
        for _ in 1...3 { try await Backend.credit(alice, "1") }
        let way = Way("none,1,wallet-trans", "hang,1,wallet-trans")  // the second page does not come
        let app = try app(of: alice, way.url)
        let task = Task {
            var count = 0
            for try await _ in app.allTransactions(pageSize: 2) { count += 1 }
            return count
        }
        try await eventually { try await way.count("hit") == 2 }
        task.cancel()
        _ = try await thrown(CancellationError.self) { try await task.value }
        try await eventually { try await way.count("gone") == 1 }
    }

    func testACancelledCallLeavesItsTokenToTheOthers() async throws {
        let alice = try await Backend.user()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let tokens = Counting { _ in
            for await _ in gate { break }
            return try await Backend.token(alice).token
        }
        let app = try app(Backend.url, tokens)
        let first = Task { try await app.me() }
        try await eventually { await tokens.fetches == 1 }
        let second = Task { try await app.me() }
        first.cancel()
        _ = try await thrown(CancellationError.self) { try await first.value }
        open.yield()
        let me = try await second.value
        XCTAssertEqual(me.uuid, alice.uuid)
        let fetches = await tokens.fetches
        XCTAssertEqual(fetches, 1)
    }

    func testValuesOfALaterServerAreKept() async throws {
        let alice = try await Backend.user()
        try await Backend.credit(alice, "1")
        let way = Way(
            #"rewrite="credit"="cashback",1,wallet-trans"#,
            #"rewrite="active"="dormant",1,me"#,
            "rewrite=20005=29999,1,wallet-waid")
        let app = try app(of: alice, way.url)
        let page = try await app.transactions()
        XCTAssertEqual(page.transactions.map(\.kind), [.other(raw: "cashback")])
        let me = try await app.me()
        XCTAssertEqual(me.status, .other(raw: "dormant"))
        let error = try await thrown(FlorinError.self) { try await app.wallet("waid_0000000000000000") }
        guard case .refused(29999, "UNKNOWN", _, _, _) = error else { return XCTFail("\(error)") }
    }

    func testClientsAndTokenSourcesAreFreed() async throws {
        let alice = try await Backend.user()
        weak var freed: Counting?
        do {
            let tokens = Counting { _ in try await Backend.token(alice).token }
            freed = tokens
            let app = try app(Backend.url, tokens)
            _ = try await app.me()
        }
        try await eventually { freed == nil }
    }
}
