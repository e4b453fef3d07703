import FlorinProvider
import Foundation
import XCTest

/// A provider's server: everything, and money exactly once.
final class ProviderTests: XCTestCase {
    func testMoneyMovesAndTheBooksShowIt() async throws {
        let provider = try await World.provider.value
        let (alice, bob) = (try await World.user(), try await World.user())
        let wallets = provider.wallets()
        let credited = try await wallets.credit(request: World.gift(alice, Decimal(string: "10.00000001")!))
        _ = try await wallets.debit(request: DebitWallet(currency: sek, amount: 1.5, uuid: alice.uuid))
        _ = try await wallets.transfer(
            request: WalletTransfer(
                amount: 3, currency: sek, destinationWaid: bob.waid, sourceWaid: alice.waid, description: "lunch"))
        let left = try await World.available(alice)
        XCTAssertEqual(left, Decimal(string: "5.50000001"))

        var history: [ListedTransaction] = []
        let query = TransactionQuery(waid: alice.waid, limit: 1)
        for try await transaction in provider.allTransactions(query) { history.append(transaction) }
        XCTAssertEqual(history.map(\.amount), [-3, -1.5, Decimal(string: "10.00000001")!])
        XCTAssertEqual(history.map(\.kind), [.transfer, .debit, .credit])
        let details = try await provider.transactions().get(txid: credited.txid)
        XCTAssertEqual(details.entries?.map(\.amount).reduce(0, +), 0)
        XCTAssertEqual(details.started.timeIntervalSinceNow, 0, accuracy: 300)
        let circulation = try await provider.currencies().circulation(currencyCode: "SEK")
        XCTAssertEqual(circulation.circulation, 1_000_000)
    }

    func testUsersTokensAndPayments() async throws {
        let provider = try await World.provider.value
        let alice = try await World.user()
        try await provider.users().update(request: UpdateUser(uuid: alice.uuid, displayName: "Älice"))
        let found = try await provider.users().get(request: GetUser(providerUserId: alice.providerUserId))
        XCTAssertEqual(found.displayName, "Älice")
        var listed: [String] = []
        for try await user in provider.allUsers(ListUsers(search: alice.providerUserId)) { listed.append(user.uuid) }
        XCTAssertEqual(listed, [alice.uuid])

        let token = try await provider.mobileTokens().create(
            request: CreateMobileToken(uuid: alice.uuid, ttlSeconds: 60))
        XCTAssertEqual(token.scope, "read")
        let ended = try await provider.mobileTokens().revokeAll(request: RevokeMobileTokens(uuid: alice.uuid))
        XCTAssertEqual(ended, 1)

        _ = try await provider.wallets().credit(request: World.gift(alice, 10))
        let asked = try await provider.payments().request(
            request: CreatePaymentRequest(amount: 4, currency: sek, method: "wallet", sourceWaid: alice.waid))
        XCTAssertEqual(asked.status, .waiting)
        try await provider.payments().accept(
            request: AcceptPayment(prid: asked.prid, currency: sek, method: "wallet", totalAmount: 4))
        let paid = try await provider.payments().get(prid: asked.prid)
        XCTAssertEqual(paid.status, .paid)
        let error = try await thrown(FlorinError.self) { try await provider.payments().refuse(prid: asked.prid) }
        XCTAssertEqual(error.resultCode, 20011)
    }

    func testMoneyIsHeldCapturedAndRefunded() async throws {
        let provider = try await World.provider.value
        let alice = try await World.user()
        _ = try await provider.wallets().credit(request: World.gift(alice, 10))
        let hold = try await provider.holds().place(request: PlaceHold(currency: sek, amount: 6, waid: alice.waid))
        let wallet = try await provider.wallets().get(waid: alice.waid)
        XCTAssertEqual(wallet.balances.map(\.held), [6])
        let captured = try await provider.holds().capture(request: CaptureHold(hoid: hold.hoid, amount: 2.5))
        var left = try await World.available(alice)
        XCTAssertEqual(left, 7.5)
        _ = try await provider.wallets().refund(request: RefundTransaction(txid: captured.txid, amount: 1))
        left = try await World.available(alice)
        XCTAssertEqual(left, 8.5)
        let error = try await thrown(FlorinError.self) { try await provider.holds().release(hoid: hold.hoid) }
        XCTAssertEqual(error.resultCode, 20016)
    }

    func testARefusalIsTypedAndMovesNothing() async throws {
        let provider = try await World.provider.value
        let alice = try await World.user()
        _ = try await provider.wallets().credit(request: World.gift(alice, 10))
        let error = try await thrown(FlorinError.self) {
            try await provider.wallets().debit(
                request: DebitWallet(currency: sek, amount: Decimal(string: "10.00000001")!, waid: alice.waid))
        }
        guard case .refused(20009, "INSUFFICIENT_FUNDS", _, _, _) = error else { return XCTFail("\(error)") }
        XCTAssertEqual(error.knowledge, .refused)
        // 38 digits are a Decimal, but no amount.
        let wide = Decimal(string: String(repeating: "9", count: 38))!
        let invalid = try await thrown(FlorinError.self) {
            try await provider.wallets().credit(request: World.gift(alice, wide))
        }
        guard case .invalidInput(field: "amount", _) = invalid else { return XCTFail("\(invalid)") }
        let left = try await World.available(alice)
        XCTAssertEqual(left, 10)
    }

    func testAReferenceMovesMoneyOnce() async throws {
        let provider = try await World.provider.value
        let alice = try await World.user()
        let reference = World.name("order-")
        let txids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...20 {
                group.addTask {
                    try await provider.wallets().credit(request: World.gift(alice, 5), reference: reference).txid
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        XCTAssertEqual(txids.count, 1)
        let error = try await thrown(FlorinError.self) {
            try await provider.wallets().credit(request: World.gift(alice, 6), reference: reference)
        }
        XCTAssertEqual(error.resultCode, 20007)
        let left = try await World.available(alice)
        XCTAssertEqual(left, 5)
    }

    func testALostAnswerIsFoundAgain() async throws {
        for fault in ["drop-after", "drop-before", "garbage", "error=10003"] {
            let alice = try await World.user()
            let way = Way("\(fault),1,wallet-credit")
            _ = try await World.client(way.url).wallets().credit(request: World.gift(alice, 5))
            let left = try await World.available(alice)
            XCTAssertEqual(left, 5, fault)
            let hit = try await way.count("hit")
            XCTAssertEqual(hit, 1, fault)
        }
    }

    func testWhatCannotBeFoundOutIsInDoubtAndIsSettledLater() async throws {
        let alice = try await World.user()
        let journal = memoryJournal()
        let reference = World.name("doubt-")
        let way = Way("drop-after,1,wallet-credit", "drop-before,99,operation")
        let error = try await thrown(FlorinError.self) {
            try await World.client(way.url, journal: journal).wallets().credit(
                request: World.gift(alice, 5), reference: reference)
        }
        guard case .inDoubt("CreditWallet", reference, _, _) = error else { return XCTFail("\(error)") }
        XCTAssertEqual(error.knowledge, .inDoubt)

        // Later, with a server that can be asked.
        let resumed = try await World.client(journal: journal).operations().resume(reference: reference)
        guard case .done(let txid?, _, _, _) = resumed.fate else { return XCTFail("\(resumed)") }
        let page = try await World.provider.value.transactions().list(request: TransactionQuery(waid: alice.waid))
        XCTAssertEqual(page.transactions.map(\.txid), [txid])
        let pending = try await journal.pending()
        XCTAssertEqual(pending, [])
    }

    /// A provider's own journal, in its own database, say.
    private actor OwnJournal: Journal {
        private(set) var seen: [String] = []
        private var live: [JournalEntry] = []
        private let broken: Bool

        init(broken: Bool = false) {
            self.broken = broken
        }

        func record(entry: JournalEntry) async throws {
            seen.append("record \(entry.operation)")
            if broken { throw JournalError.storage(reason: "the disk is full") }
            live.append(entry)
        }

        func settle(id: String, settlement: Settlement) async throws {
            seen.append("settle \(settlement)")
            live.removeAll { $0.id == id }
        }

        func pending() async throws -> [JournalEntry] { live }
    }

    func testACancelledCallThatMovesMoneyIsCarriedOutOnce() async throws {
        let alice = try await World.user()
        let journal = OwnJournal()
        let reference = World.name("cancelled-")
        let way = Way("delay-ms=500,1,wallet-credit")
        let client = try World.client(way.url, journal: journal)
        let task = Task {
            try await client.cancellable {
                try await $0.wallets().credit(request: World.gift(alice, 5), reference: reference)
            }
        }
        try await eventually { try await way.count("hit") == 1 }
        task.cancel()
        // It goes on, and says what became of it.
        let moved = try await task.value
        let outcome = try await client.operations().outcome(reference: reference)
        XCTAssertEqual(outcome.outcome, .done)
        XCTAssertEqual(outcome.txid, moved.txid)
        let left = try await World.available(alice)
        XCTAssertEqual(left, 5)
        let seen = await journal.seen
        XCTAssertEqual(seen, ["record CreditWallet", "settle done"])
    }

    func testACancelledReadEndsAtOnceAndTheNextOneWorks() async throws {
        let way = Way("hang,1,wallet")
        let client = try World.client(way.url)
        let task = Task { try await client.cancellable { try await $0.wallets().list() } }
        try await eventually { try await way.count("hit") == 1 }
        task.cancel()
        _ = try await thrown(CancellationError.self) { try await task.value }
        try await eventually { try await way.count("gone") == 1 }
        let wallets = try await client.wallets().list()
        XCTAssertFalse(wallets.isEmpty)
    }

    func testAJournalWrittenInSwiftIsCalled() async throws {
        let alice = try await World.user()
        let journal = OwnJournal()
        let wallets = try World.client(journal: journal).wallets()
        _ = try await wallets.credit(request: World.gift(alice, 5))
        _ = try await thrown(FlorinError.self) {
            try await wallets.debit(request: DebitWallet(currency: sek, amount: 6, waid: alice.waid))
        }
        let seen = await journal.seen
        XCTAssertEqual(seen, ["record CreditWallet", "settle done", "record DebitWallet", "settle refused"])

        let broken = try World.client(journal: OwnJournal(broken: true))
        let error = try await thrown(FlorinError.self) {
            try await broken.wallets().credit(request: World.gift(alice, 5))
        }
        guard case .journal(let reason) = error else { return XCTFail("\(error)") }
        XCTAssertTrue(reason.contains("the disk is full"), reason)
        let left = try await World.available(alice)
        XCTAssertEqual(left, 5)  // nothing was sent
    }

    func testAFileKeepsWhatIsInDoubtForTheNextProcess() async throws {
        let alice = try await World.user()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(World.name())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("florin.journal").path
        do {
            let doomed = try World.client(Way("drop-before,99,").url, journal: fileJournal(path: path))
            let error = try await thrown(FlorinError.self) {
                try await doomed.wallets().credit(request: World.gift(alice, 5))
            }
            XCTAssertEqual(error.knowledge, .inDoubt)
            XCTAssertThrowsError(try fileJournal(path: path)) { XCTAssertTrue("\($0)".contains("in use"), "\($0)") }
        }
        let resumed = try await World.client(journal: fileJournal(path: path)).operations().resumePending()
        guard case .done? = resumed.first?.fate else { return XCTFail("\(resumed)") }
        let left = try await World.available(alice)
        XCTAssertEqual(left, 5)
    }
}
