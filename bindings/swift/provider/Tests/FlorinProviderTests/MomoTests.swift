import FlorinProvider
import Foundation
import XCTest

/// MTN's surface: money asked for and sent, against the sandbox.
final class MomoTests: XCTestCase {
    private let options = momoOptions(target: .local(baseUrl: World.url))
    private let patience = MomoPatience(firstDelayMs: 100, mostDelayMs: 500, deadlineS: 60)

    private func number(_ id: String) -> MomoParty {
        MomoParty(partyIdType: .msisdn, partyId: id)
    }

    private func price(_ id: String, _ amount: Decimal = 12.5) -> MomoRequestToPay {
        MomoRequestToPay(
            amount: amount, currency: "EUR", externalId: "order-1", payer: number(id), payerMessage: "Please")
    }

    private func credentials(_ product: String) async throws -> MomoCredentials {
        let key = String(repeating: "c0111ec7", count: 4)
        let provisioning = try MomoProvisioning(options: options, subscriptionKey: key)
        let user = try await provisioning.createUser(callbackHost: "127.0.0.1")
        let apiKey = try await provisioning.createKey(apiUser: user)
        return MomoCredentials(
            subscriptionKey: String(repeating: product, count: 4), apiUser: user, apiKey: apiKey)
    }

    func testMoneyIsAskedForAndPaidOnce() async throws {
        let collections = try MomoCollections(
            options: options, credentials: try await credentials("c0111ec7"), journal: memoryJournal())
        let before = try await collections.balance().availableBalance
        let reference = try await collections.requestToPay(request: price("256770000001"))
        let paid = try await collections.waitForRequestToPay(reference: reference, patience: patience)
        XCTAssertEqual(paid.status, .successful)
        // The same again is ours; another under the same reference is a conflict.
        let again = try await collections.requestToPay(request: price("256770000001"), reference: reference)
        XCTAssertEqual(again, reference)
        let conflict = try await thrown(FlorinError.self) {
            try await collections.requestToPay(request: price("256770000001", 13), reference: reference)
        }
        XCTAssertEqual(conflict.resultCode, 409)
        let after = try await collections.balance().availableBalance
        XCTAssertEqual(after - before, 12.5)
        let left = try await collections.resumePending()
        XCTAssertEqual(left.count, 0)
    }

    func testAFailureHasItsReasonAndACallbackIsRead() async throws {
        let disbursements = try MomoDisbursements(
            options: options, credentials: try await credentials("d15b0125"), journal: memoryJournal())
        let payout = MomoTransfer(
            amount: 10, currency: "EUR", externalId: "out-1", payee: number("46733123455"))
        let reference = try await disbursements.transfer(request: payout)
        let failed = try await disbursements.waitForTransfer(reference: reference, patience: patience)
        XCTAssertEqual(failed.status, .failed)
        XCTAssertEqual(failed.reason?.code, .notEnoughFunds)
        let body = #"{"amount": 10.0, "status": "FAILED", "reason": {"code": "A_NEW_ONE"}}"#
        let callback = try readMomoCallback(method: "PUT", target: "/momo/\(reference)", body: Data(body.utf8))
        XCTAssertEqual(callback.reference, reference.lowercased())
        XCTAssertEqual(callback.reason?.code, .other(raw: "A_NEW_ONE"))
        XCTAssertEqual(callback.amount, 10)
    }

    func testMoneyIsRemitted() async throws {
        let remittances = try MomoRemittances(
            options: options, credentials: try await credentials("4e0177a2"), journal: memoryJournal())
        let before = try await remittances.balance().availableBalance
        let reference = try await remittances.transfer(
            request: MomoTransfer(amount: 7.5, currency: "EUR", externalId: "home-1", payee: number("256770000003")))
        let sent = try await remittances.waitForTransfer(reference: reference, patience: patience)
        XCTAssertEqual(sent.status, .successful)
        let after = try await remittances.balance().availableBalance
        XCTAssertEqual(before - after, 7.5)
        let none = try await thrown(FlorinError.self) {
            try await remittances.transferStatus(reference: UUID().uuidString.lowercased())
        }
        XCTAssertEqual(none.resultCode, 404)
    }
}
