import Foundation

@_exported import FlorinMobileBindings

/// Reads the wallet platform for the app's own user. It can change nothing.
///
/// Make one for each signed-in user and keep it: it holds the connections and the token. All methods may be called at
/// once and from any task or actor; cancelling the task ends the call with `CancellationError`.
///
/// Amounts are exact: `Decimal` in whole currency units ("12.50" is twelve and a half EUR).
///
/// Every method throws `FlorinError`, which says what to do next:
/// - `invalidInput`: nothing was sent; correct the argument.
/// - `refused`: the server said no; for an object of somebody else it says the same as for one that is not there.
/// - `unauthorized`: also after one fresh token, or the token source denied one; the person must sign in again.
/// - `unavailable`: the retries are spent, or the token source could not reach its server; try later.
public final class MobileClient: Sendable {
    private let raw: RawMobileClient

    /// A client that signs its calls with tokens from `tokens`. Nothing is sent yet.
    ///
    /// - Throws: `FlorinError.invalidInput` for an option out of its bounds.
    public init(options: ClientOptions, tokens: any TokenSource) throws {
        raw = try RawMobileClient(options: options, tokens: Tokens(tokens.freshToken))
    }

    /// A client that signs its calls with tokens from `freshToken`, which asks the provider's own server for one that
    /// was made just now. Nothing is sent yet.
    ///
    /// It may throw a `TokenError` to say why there is none. A `URLError` counts as `TokenError.unavailable`: the call
    /// throws `FlorinError.unavailable`. After anything else the person must sign in again: `FlorinError.unauthorized`.
    ///
    /// - Throws: `FlorinError.invalidInput` for an option out of its bounds.
    public init(options: ClientOptions, freshToken: @escaping @Sendable () async throws -> String) throws {
        raw = try RawMobileClient(options: options, tokens: Tokens(freshToken))
    }

    /// The user that the app belongs to.
    public func me() async throws -> User {
        try await read { try await $0.me() }
    }

    /// One wallet and its balances, as of the server's last commit: the user's default wallet without `waid`.
    public func wallet(_ waid: Waid? = nil) async throws -> Wallet {
        try await read { try await $0.wallet(waid: waid) }
    }

    /// The user's wallets and their balances, the default wallet first.
    public func wallets() async throws -> [WalletEntry] {
        try await read { try await $0.wallets() }
    }

    /// All transactions of a wallet, newest first: of the user's default wallet without `waid`. Pages of `pageSize` (1
    /// to 200) are fetched as they are needed.
    ///
    /// - Parameters:
    ///   - from: Only transactions at or after this time.
    ///   - to: Only transactions before this time.
    public func allTransactions(
        of waid: Waid? = nil,
        from: Date? = nil,
        to: Date? = nil,
        pageSize: Int = 50
    ) -> Pages<ListedTransaction> {
        let query = TransactionQuery(waid: waid, limit: UInt32(clamping: pageSize), from: from, to: to)
        return Pages { [raw] token in
            let pager = raw.cancelledBy(token: token).transactionPages(request: query)
            return { try await pager.next() }
        }
    }

    /// One page of a wallet's transactions, newest first, for lists that page by themselves: give the page's `next` as
    /// `after` to get the next one.
    ///
    /// - Parameters:
    ///   - limit: At most so many, 1 to 200.
    ///   - referenceId: Only the transaction that was made under this client reference.
    public func transactions(
        of waid: Waid? = nil,
        limit: Int = 50,
        after: String? = nil,
        referenceId: String? = nil,
        from: Date? = nil,
        to: Date? = nil
    ) async throws -> TransactionList {
        let query = TransactionQuery(
            waid: waid, limit: UInt32(clamping: limit), after: after, referenceId: referenceId, from: from, to: to)
        return try await read { try await $0.transactions(request: query) }
    }

    /// Everything about one transaction of the user's wallets.
    public func transaction(_ txid: Txid) async throws -> TransactionDetails {
        try await read { try await $0.transaction(txid: txid) }
    }

    /// Where a payment request stands, and what the server says of it: show this to the user, never the text of a
    /// scanned code.
    public func payment(_ prid: Prid) async throws -> Payment {
        try await read { try await $0.payment(prid: prid) }
    }

    /// All payment requests that the user is asked to pay or made, newest first. Pages of `pageSize` (1 to 200) are
    /// fetched as they are needed.
    public func allPayments(pageSize: Int = 50) -> Pages<ListedPayment> {
        Pages { [raw] token in
            let query = PaymentQuery(limit: UInt32(clamping: pageSize))
            let pager = raw.cancelledBy(token: token).paymentPages(request: query)
            return { try await pager.next() }
        }
    }

    /// One page of payment requests, newest first, for lists that page by themselves: give the page's `next` as `after`
    /// to get the next one.
    ///
    /// - Parameter limit: At most so many, 1 to 200.
    public func payments(limit: Int = 50, after: String? = nil) async throws -> PaymentList {
        let query = PaymentQuery(limit: UInt32(clamping: limit), after: after)
        return try await read { try await $0.payments(request: query) }
    }

    /// What an app needs to know of the platform.
    public func settings() async throws -> Settings {
        try await read { try await $0.settings() }
    }

    /// The currencies of the platform.
    public func currencies() async throws -> [PublicCurrency] {
        try await read { try await $0.currencies() }
    }

    /// The roles of the platform and their rights.
    public func roles() async throws -> [Role] {
        try await read { try await $0.roles() }
    }

    /// The user's own profile.
    public func profile() async throws -> Profile {
        try await read { try await $0.profile() }
    }

    /// The profiles that the user may act for; for a mobile token the user's own.
    public func profiles() async throws -> [ListedProfile] {
        try await read { try await $0.profiles() }
    }

    /// What is known of the extended attributes of profiles.
    public func extendedAttributes() async throws -> [ExtendedAttribute] {
        try await read { try await $0.extendedAttributes() }
    }

    /// The address that money can be paid in at: of the default wallet, unless the request names another.
    public func depositAddress(_ request: GetWalletDepositAddress) async throws -> DepositAddress {
        try await read { try await $0.depositAddress(request: request) }
    }

    /// A page of what happened, for those who ask now and then: give the page's `next` as `after`.
    public func events(_ request: GetEvents = GetEvents()) async throws -> EventPage {
        try await read { try await $0.events(request: request) }
    }

    /// What happens in the user's wallets and to their payment requests, live and without an end: a hint to read anew
    /// what is shown. It goes on by itself when the connection breaks, and nothing is missed. Each loop opens a stream of
    /// its own.
    ///
    /// - Parameter after: The `id` of an event, or the `next` of `events`, to go on behind it; from now on without.
    public func liveEvents(after: String? = nil) -> Pages<LiveEvent> {
        Pages { [raw] token in
            let stream = raw.cancelledBy(token: token).liveEvents(after: after)
            return { [try await stream.next()] }
        }
    }

    private func read<T: Sendable>(_ call: @Sendable (RawMobileClient) async throws -> T) async throws -> T {
        try await cancelling { token in try await call(self.raw.cancelledBy(token: token)) }
    }
}
