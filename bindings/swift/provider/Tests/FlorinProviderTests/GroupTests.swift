import FlorinProvider
import Foundation
import XCTest

/// The groups that the other tests leave out, each as one works with it.
final class GroupTests: XCTestCase {
    func testProfilesAreMadeDescribedChangedAndSwitchedOff() async throws {
        let provider = try await World.provider.value
        let (profiles, shop) = (provider.profiles(), try await World.shop())
        let badge = World.name("badge")
        try await profiles.describeAttribute(
            request: SetExtendedAttribute(name: badge, kind: .text, label: "Badge", flags: ["worm"]))
        let attributes = try await profiles.extendedAttributes()
        XCTAssertEqual(attributes.first { $0.name == badge }?.flags, ["worm"])
        try await profiles.update(
            request: UpdateProfile(upid: shop, city: "Montréal", extended: #"{"\#(badge)":"17"}"#))
        let read = try await profiles.get(upid: shop)
        XCTAssertEqual(read.data.city, "Montréal")
        XCTAssertEqual(read.extended, #"{"\#(badge)":"17"}"#)
        let again = try await thrown(FlorinError.self) {
            try await profiles.update(request: UpdateProfile(upid: shop, extended: #"{"\#(badge)":"18"}"#))
        }
        XCTAssertEqual(again.resultCode, 20000)  // it is written once
        try await profiles.forgetAttribute(name: badge)

        let key = try await provider.apiKeys().create(
            request: CreateApiKey(description: "of the shop", roles: ["ewallet-admin"], upid: shop)
        ).apiKey
        let whose = try await profiles.ofApiKey(apiKey: key)
        XCTAssertEqual(whose.upid, shop)
        try await profiles.setStatus(upid: shop, status: .inactive)
        let over = try await thrown(FlorinError.self) { try await World.client(key: key).wallets().get() }
        guard case .unauthorized = over else { return XCTFail("\(over)") }
    }

    func testPeopleComeGetOtherRolesAndGo() async throws {
        let provider = try await World.provider.value
        let (shop, email) = (try await World.shop(), "\(World.name("kim"))@example.com")
        let teams = provider.teams()
        let kim = AddTeamUser(email: email, roles: ["profile-ro"], callbackUrl: "https://shop.example/join", upid: shop)
        let uuid = try await teams.add(request: kim).uuid
        try await teams.update(request: UpdateTeamUser(email: email, roles: ["ewallet-ro"], upid: shop))
        let team = try await teams.list(upid: shop)
        XCTAssertEqual(team, [TeamMember(uuid: uuid, email: email, roles: ["ewallet-ro"])])
        let twice = try await thrown(FlorinError.self) { try await teams.add(request: kim) }
        XCTAssertEqual(twice.resultCode, 20006)

        let users = provider.systemUsers()
        let found = try await users.byEmail(email: email)
        XCTAssertEqual(found.uuid, uuid)
        try await users.setStatus(uuid: uuid, status: .inactive)
        let status = try await users.get(uuid: uuid).status
        XCTAssertEqual(status, .inactive)
        try await teams.remove(uuid: uuid, upid: shop)
        let gone = try await thrown(FlorinError.self) { try await teams.remove(uuid: uuid, upid: shop) }
        XCTAssertEqual(gone.resultCode, 20005)
    }

    func testRolesAreMadeOfRights() async throws {
        let provider = try await World.provider.value
        let (roles, desk) = (provider.roles(), World.name("front-desk-"))
        try await roles.create(request: CreateRole(role: desk, description: "Front desk", rights: ["readmyprofile"]))
        try await roles.assignRight(request: AssignRoleRight(role: desk, right: "listmyswallettx"))
        try await roles.unassignRight(request: UnassignRoleRight(role: desk, right: "readmyprofile"))
        let made = try await roles.list().first { $0.roleId == desk }
        XCTAssertEqual(made?.rights.map(\.rightId), ["listmyswallettx"])
        let unknown = try await thrown(FlorinError.self) {
            try await roles.assignRight(request: AssignRoleRight(role: desk, right: "makecoffee"))
        }
        XCTAssertEqual(unknown.resultCode, 20000)
        try await roles.delete(role: desk)
        let builtIn = try await provider.settings().roles()
        XCTAssertTrue(builtIn.contains { $0.roleId == "ewallet-ro" })
    }

    func testPeopleSignInAndTheirTokensAreChecked() async throws {
        let provider = try await World.provider.value
        let person = try await World.person()
        let credentials = provider.credentials()
        let signedIn = try await credentials.login(request: Login(email: person.email, password: World.password))
        XCTAssertEqual(signedIn.uuid, person.made.uuid)
        XCTAssertTrue("\(signedIn)".contains("token: ***"), "\(signedIn)")
        let checker = try TokenChecker(options: World.options(), policy: TokenPolicy())
        let checked = try await checker.check(token: signedIn.token)
        XCTAssertEqual(checked.uuid, person.made.uuid)
        XCTAssertEqual(checked.upid, person.made.upid)
        for wrong in [
            try await thrown(FlorinError.self) {
                try await credentials.login(request: Login(email: person.email, password: "Wr0ng-pass!"))
            },
            try await thrown(FlorinError.self) { try await checker.check(token: String(signedIn.token.dropLast(6))) },
            try await thrown(FlorinError.self) {
                let other = try TokenChecker(options: World.options(), policy: TokenPolicy(clientId: "abcd2345"))
                return try await other.check(token: signedIn.token)
            },
        ] {
            guard case .unauthorized = wrong else { return XCTFail("\(wrong)") }
        }
        try await credentials.changePassword(
            request: ChangeUserPassword(email: person.email, newPassword: "N3w-password!", password: World.password))

        // The master user of a key's profile.
        let key = try await provider.apiKeys().create(
            request: CreateApiKey(description: "of a person", roles: ["profile-admin"], upid: person.made.upid)
        ).apiKey
        let own = try World.client(key: key).credentials()
        let seed = try await own.mfaSeed()
        XCTAssertTrue(try XCTUnwrap(seed.otpauthUrl).contains(seed.seed))
        let code = try await thrown(FlorinError.self) {
            try await own.enableMfa(
                request: EnableUserMfa(email: person.email, password: "N3w-password!", mfaCode: "000000"))
        }
        XCTAssertEqual(code.resultCode, 20015)
        let isOn = try await own.mfaStatus()
        XCTAssertFalse(isOn)
    }

    func testApplicationsAreRegistered() async throws {
        let applications = try await World.provider.value.applications()
        let made = try await applications.create(
            request: CreateApplication(
                name: "Shop", kind: .confidential, redirectUris: "https://shop.example/back"))
        let secret = try await applications.rotateSecret(clientId: made.clientId)
        XCTAssertNotEqual(secret, made.clientSecret)
        let listed = try await applications.list().first { $0.clientId == made.clientId }
        XCTAssertEqual(listed?.redirectUris, ["https://shop.example/back"])
        try await applications.delete(clientId: made.clientId)
        let gone = try await thrown(FlorinError.self) { try await applications.delete(clientId: made.clientId) }
        XCTAssertEqual(gone.resultCode, 20005)
    }

    func testFeesComeOnTopAndTiersLimit() async throws {
        let provider = try await World.provider.value
        let (alice, bob) = (try await World.user(), try await World.user())
        _ = try await provider.wallets().credit(request: World.gift(alice, 30))
        let transfer = WalletTransfer(
            amount: 10, currency: sek, destinationWaid: bob.waid, sourceWaid: alice.waid)
        let fees = provider.fees()
        let fsid = try await fees.set(
            request: SetFeeSchedule(
                scheduleName: World.name("Retail"), feeOperation: .transfer, feeCurrency: sek,
                fixed: Decimal(string: "0.10"), basisPoints: 150))
        try await fees.assign(upid: alice.upid, fsid: fsid)
        let schedule = try await fees.list().first { $0.fsid == fsid }
        XCTAssertEqual(schedule?.rules.map(\.basisPoints), [150])
        _ = try await provider.wallets().transfer(request: transfer)
        let paid = try await provider.transactions().list(request: TransactionQuery(waid: alice.waid, limit: 1))
        XCTAssertEqual(paid.transactions.map(\.fee), [Decimal(string: "0.25")!])
        try await fees.delete(fsid: fsid)

        let tiers = provider.tiers()
        try await tiers.set(
            request: SetTier(level: 8, tierName: "Child", limitTransferFiat1: 5, limitDelayHours: 24))
        try await tiers.assign(upid: alice.upid, level: 8)
        let listed = try await tiers.list().first { $0.level == 8 }
        XCTAssertEqual(listed?.limitTransferFiat1, 5)
        let limited = try await thrown(FlorinError.self) { try await provider.wallets().transfer(request: transfer) }
        XCTAssertEqual(limited.resultCode, 20010)
        try await tiers.delete(level: 8)
        _ = try await provider.wallets().transfer(request: transfer)
        let left = try await World.available(alice)
        XCTAssertEqual(left, Decimal(string: "9.75"))
    }

    func testMoneyComesInAndGoesOutOverABridge() async throws {
        let provider = try await World.provider.value
        let alice = try await World.user()
        let (wallets, bridges) = (provider.wallets(), provider.bridges())
        let active = try await bridges.list()
        let ripple = try XCTUnwrap(active.first { $0.bridgeName == "ripple" })
        let address = try await wallets.createDepositAddress(
            request: CreateWalletDepositAddress(method: "ripple", waid: alice.waid)
        ).address
        try await World.payIn("ripple", to: address, "100.5")
        @Sendable func xrp() async throws -> Decimal? {
            try await wallets.get(waid: alice.waid).balances.first { $0.currencyCode == "XRP" }?.available
        }
        try await eventually { try await xrp() == Decimal(string: "100.5") }
        let came = try await bridges.deposits(
            request: ListBridgeDeposits(bridgeName: "ripple", instanceId: ripple.instanceId))
        XCTAssertTrue(came.deposits.contains { $0.address == address && $0.asset == "XRP" })

        let to = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-123456"
        let withdrawal = WalletWithdraw(
            amount: 10, currency: "XRP", method: "ripple", destinationAddress: to, waid: alice.waid)
        let txid = try await wallets.withdraw(request: withdrawal).txid
        try await eventually { try await provider.transactions().get(txid: txid).state == .completed }
        let left = try await xrp()
        XCTAssertEqual(left, Decimal(string: "90.5"))
        let sent = try await bridges.orders(
            request: ListBridgeOrders(bridgeName: "ripple", instanceId: ripple.instanceId))
        XCTAssertEqual(sent.orders.first { $0.txid == txid }?.destinationAddress, to)
        let nowhere = try await thrown(FlorinError.self) {
            try await wallets.withdraw(
                request: WalletWithdraw(
                    amount: 10, currency: "XRP", method: "ripple", destinationAddress: "rNOBODY", waid: alice.waid))
        }
        XCTAssertEqual(nowhere.resultCode, 20000)
        let account = try await bridges.accounts(bridgeName: "ripple", instanceId: ripple.instanceId)
        let identifier = try await bridges.accountIdentifier(bridgeName: "ripple")
        XCTAssertEqual(account.identifier, identifier.name)
    }

    func testTheOperatorSetsWhatCanBeSet() async throws {
        let components = try await World.provider.value.components()
        let name = "paymentexpiryminutes"
        try await components.set(component: .omnipay, name: name, value: "45")
        let set = try await components.attributes(component: .omnipay).first { $0.name == name }
        XCTAssertEqual(set?.value, "45")
        try await components.set(component: .omnipay, name: name, value: "30")
        let wrong = try await thrown(FlorinError.self) {
            try await components.set(component: .omnipay, name: name, value: "soon")
        }
        XCTAssertEqual(wrong.resultCode, 20000)
    }

    func testWhatHappensIsToldLiveAndBySignedMessages() async throws {
        let provider = try await World.provider.value
        let notifications = provider.notifications()
        let me = try await provider.profiles().get()
        let address = "\(World.proxy)/receive/\(World.name("hook"))"
        let made = try await notifications.add(
            request: SetNotificationTransport(
                upid: me.upid, transportType: .http,
                transport: TransportSettings(url: address, events: ["credit"], below: true), akid: me.akid))
        let start = try await notifications.events(request: GetEvents()).next
        let alice = try await World.user()
        let txid = try await provider.wallets().credit(request: World.gift(alice, 5)).txid

        for try await event in provider.liveEvents(after: start) where event.data.waid == alice.waid {
            XCTAssertEqual(event.kind, .credit)
            XCTAssertEqual(event.data.txid, txid)
            break
        }

        try await eventually { try await World.get(address).answer.statusCode == 200 }
        let (body, message) = try await World.get(address)
        func read(_ secret: String, _ body: Data) throws -> Webhook {
            func header(_ name: String) -> String { message.value(forHTTPHeaderField: name) ?? "" }
            return try WebhookVerifier(secrets: [secret]).verify(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"),
                signature: header("webhook-signature"), body: body)
        }
        let secret = try XCTUnwrap(made.secret)
        let webhook = try read(secret, body)
        XCTAssertEqual(webhook.event.data.txid, txid)
        for forged in [body + Data(" ".utf8), Data()] {
            XCTAssertThrowsError(try read(secret, forged)) {
                guard case FlorinError.invalidInput(field: "webhook-signature", _) = $0 else { return XCTFail("\($0)") }
            }
        }

        let next = try await notifications.rotateSecret(request: RotateTransportSecret(ntid: made.ntid))
        XCTAssertNotEqual(next, secret)
        let failures = try await notifications.failures(request: ListFailedEvents()).failures
        XCTAssertEqual(failures, [])
        try await notifications.delete(request: DeleteNotificationTransport(ntid: made.ntid))
        let left = try await notifications.list(upid: me.upid).flatMap(\.transports)
        XCTAssertFalse(left.contains { $0.ntid == made.ntid })
    }
}
