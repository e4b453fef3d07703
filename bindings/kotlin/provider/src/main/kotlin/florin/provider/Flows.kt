// Lists as flows. A page is fetched when it is needed; each collector walks the list from the start; the flow ends
// after the first error.
package florin.provider

import florin.provider.model.ListUsers
import florin.provider.model.ListedPayment
import florin.provider.model.ListedTransaction
import florin.provider.model.LiveEvent
import florin.provider.model.PaymentQuery
import florin.provider.model.TransactionQuery
import florin.provider.model.User
import florin.provider.model.pages
import kotlinx.coroutines.flow.Flow

/** All transactions of a wallet from the page that [request] asks for, newest first. */
fun TransactionGroup.all(request: TransactionQuery = TransactionQuery()): Flow<ListedTransaction> =
    pages({ pages(request) }) { next() }

/** All payment requests from the page that [request] asks for, newest first. */
fun PaymentGroup.all(request: PaymentQuery = PaymentQuery()): Flow<ListedPayment> = pages({ pages(request) }) { next() }

/** All users from the page that [request] asks for, oldest first. */
fun UserGroup.all(request: ListUsers = ListUsers()): Flow<User> = pages({ pages(request) }) { next() }

/**
 * What happens in the provider's profile and those below it, live and without an end. It goes on by itself when the
 * connection breaks, and nothing is missed. [after] is the `id` of an event, to go on behind it; from now on without.
 */
fun NotificationGroup.liveEvents(after: String? = null): Flow<LiveEvent> = pages({ live(after) }) { listOf(next()) }
