package florin.mobile

import florin.mobile.model.ClientOptions
import florin.mobile.model.DepositAddress
import florin.mobile.model.EventPage
import florin.mobile.model.ExtendedAttribute
import florin.mobile.model.FlorinException
import florin.mobile.model.GetEvents
import florin.mobile.model.GetWalletDepositAddress
import florin.mobile.model.ListedPayment
import florin.mobile.model.ListedProfile
import florin.mobile.model.ListedTransaction
import florin.mobile.model.LiveEvent
import florin.mobile.model.Payment
import florin.mobile.model.PaymentList
import florin.mobile.model.PaymentQuery
import florin.mobile.model.Prid
import florin.mobile.model.Profile
import florin.mobile.model.PublicCurrency
import florin.mobile.model.Role
import florin.mobile.model.Settings
import florin.mobile.model.TransactionDetails
import florin.mobile.model.TransactionList
import florin.mobile.model.TransactionQuery
import florin.mobile.model.Txid
import florin.mobile.model.User
import florin.mobile.model.Waid
import florin.mobile.model.Wallet
import florin.mobile.model.WalletEntry
import florin.mobile.model.pages
import java.time.Instant
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.withContext

/**
 * Reads the wallet platform for the app's own user. It can change nothing.
 *
 * Make one for each signed-in user, keep it, and [close] it when they sign out: it holds the connections and the token.
 * All methods may be called at once and from any thread, the main thread too; cancelling the coroutine ends the call.
 *
 * Amounts are exact: `BigDecimal` in whole currency units ("12.50" is twelve and a half EUR). Compare them with
 * `compareTo`, as `equals` tells 12.5 from 12.50.
 *
 * Every method fails with [FlorinException], which says what to do next:
 * - [FlorinException.InvalidInput]: nothing was sent; correct the argument.
 * - [FlorinException.Refused]: the server said no; for an object of somebody else it says the same as for one that is
 *   not there.
 * - [FlorinException.Unauthorized]: also after one fresh token, or the token source denied one; the person must sign in
 *   again.
 * - [FlorinException.Unavailable]: the retries are spent, or the token source could not reach its server; try later.
 *
 * @throws FlorinException.InvalidInput for an option out of its bounds.
 */
class MobileClient(options: ClientOptions, tokens: TokenSource) : AutoCloseable {
    private val raw = RawMobileClient(options, Forgiving(tokens))

    /** A client of the server at [baseUrl], `https://host` without `/api/v1`, as patient as the platform asks for. */
    constructor(baseUrl: String, tokens: TokenSource) : this(ClientOptions(baseUrl), tokens)

    /** The user that the app belongs to. */
    suspend fun me(): User = call { me() }

    /** One wallet and its balances, as of the server's last commit: the user's default wallet without [waid]. */
    suspend fun wallet(waid: Waid? = null): Wallet = call { wallet(waid) }

    /** The user's wallets and their balances, the default wallet first. */
    suspend fun wallets(): List<WalletEntry> = call { wallets() }

    /**
     * All transactions of a wallet, newest first: of the user's default wallet without [waid]. Pages of [pageSize]
     * (1 to 200) are fetched as they are collected. It ends after the first error.
     *
     * @param from only transactions at or after this time.
     * @param to only transactions before this time.
     */
    fun allTransactions(
        waid: Waid? = null,
        from: Instant? = null,
        to: Instant? = null,
        pageSize: Int = 50,
    ): Flow<ListedTransaction> {
        val query = TransactionQuery(waid = waid, limit = pageSize.toUInt(), from = from, to = to)
        return pages({ raw.transactionPages(query) }) { next() }
    }

    /**
     * One page of a wallet's transactions, newest first, for lists that page by themselves: give
     * [TransactionList.next] as [after] to get the next one.
     *
     * @param limit at most so many, 1 to 200.
     * @param referenceId only the transaction that was made under this client reference.
     */
    suspend fun transactions(
        waid: Waid? = null,
        limit: Int = 50,
        after: String? = null,
        referenceId: String? = null,
        from: Instant? = null,
        to: Instant? = null,
    ): TransactionList = call { transactions(TransactionQuery(waid, limit.toUInt(), after, referenceId, from, to)) }

    /** Everything about one transaction of the user's wallets. */
    suspend fun transaction(txid: Txid): TransactionDetails = call { transaction(txid) }

    /**
     * Where a payment request stands, and what the server says of it: show this to the user, never the text of a
     * scanned code.
     */
    suspend fun payment(prid: Prid): Payment = call { payment(prid) }

    /**
     * All payment requests that the user is asked to pay or made, newest first. Pages of [pageSize] (1 to 200) are
     * fetched as they are collected. It ends after the first error.
     */
    fun allPayments(pageSize: Int = 50): Flow<ListedPayment> =
        pages({ raw.paymentPages(PaymentQuery(limit = pageSize.toUInt())) }) { next() }

    /**
     * One page of payment requests, newest first, for lists that page by themselves: give [PaymentList.next] as
     * [after] to get the next one.
     *
     * @param limit at most so many, 1 to 200.
     */
    suspend fun payments(limit: Int = 50, after: String? = null): PaymentList =
        call { payments(PaymentQuery(limit = limit.toUInt(), after = after)) }

    /** What an app needs to know of the platform. */
    suspend fun settings(): Settings = call { settings() }

    /** The currencies of the platform. */
    suspend fun currencies(): List<PublicCurrency> = call { currencies() }

    /** The roles of the platform and their rights. */
    suspend fun roles(): List<Role> = call { roles() }

    /** The user's own profile. */
    suspend fun profile(): Profile = call { profile() }

    /** The profiles that the user may act for; for a mobile token the user's own. */
    suspend fun profiles(): List<ListedProfile> = call { profiles() }

    /** What is known of the extended attributes of profiles. */
    suspend fun extendedAttributes(): List<ExtendedAttribute> = call { extendedAttributes() }

    /** The address that money can be paid in at: of the default wallet, unless the request names another. */
    suspend fun depositAddress(request: GetWalletDepositAddress): DepositAddress = call { depositAddress(request) }

    /** A page of what happened, for those who ask now and then: give the page's `next` as `after`. */
    suspend fun events(request: GetEvents = GetEvents()): EventPage = call { events(request) }

    /**
     * What happens in the user's wallets and to their payment requests, live and without an end: a hint to read anew what
     * is shown. It goes on by itself when the connection breaks, and nothing is missed. Each collector opens a stream of
     * its own; the flow ends after the first error.
     *
     * @param after the `id` of an event, or the `next` of [events], to go on behind it; from now on without.
     */
    fun liveEvents(after: String? = null): Flow<LiveEvent> = pages({ raw.liveEvents(after) }) { listOf(next()) }

    /** Frees connections and token. A call after it fails with [IllegalStateException]. */
    override fun close() = raw.close()

    /** Off the caller's thread: an answer is read where its future is polled, which must not be the main thread. */
    private suspend inline fun <T> call(crossinline read: suspend RawMobileClient.() -> T): T =
        withContext(Dispatchers.IO) { raw.read() }
}
