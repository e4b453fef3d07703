package florin

import florin.provider.Fate
import florin.provider.Journal
import florin.provider.JournalEntry
import florin.provider.JournalException
import florin.provider.Settlement
import florin.provider.all
import florin.provider.close
import florin.provider.fileJournal
import florin.provider.memoryJournal
import florin.provider.model.AcceptPayment
import florin.provider.model.CaptureHold
import florin.provider.model.CreateApiKey
import florin.provider.model.CreateMobileToken
import florin.provider.model.CreatePaymentRequest
import florin.provider.model.CreateUser
import florin.provider.model.CreditWallet
import florin.provider.model.DebitWallet
import florin.provider.model.FlorinException
import florin.provider.model.GetUser
import florin.provider.model.IssueGatewayCurrency
import florin.provider.model.Knowledge
import florin.provider.model.ListMobileTokens
import florin.provider.model.ListUsers
import florin.provider.model.OutcomeKind
import florin.provider.model.PaymentStatus
import florin.provider.model.PlaceHold
import florin.provider.model.RedeemCurrency
import florin.provider.model.RefundTransaction
import florin.provider.model.RevokeMobileTokens
import florin.provider.model.Status
import florin.provider.model.TransactionQuery
import florin.provider.model.TransactionType
import florin.provider.model.UpdateUser
import florin.provider.model.WalletTransfer
import florin.provider.model.knowledge
import florin.provider.model.resultCode
import java.math.BigDecimal
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTime
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A provider's server: everything, and money exactly once. */
class ProviderTest {
    private val provider = World.provider

    private fun gift(waid: String, amount: String) = CreditWallet(EUR, BigDecimal(amount), waid = waid)

    @Test
    fun `currencies are issued and redeemed`() = test {
        val currencies = provider.currencies()
        val before = currencies.circulation("EUR")
        currencies.issue(IssueGatewayCurrency("EUR", BigDecimal("100.5")))
        val redeemed = currencies.redeem(RedeemCurrency("EUR", BigDecimal("0.25")))
        assertEquals(provider.wallets().get().waid, redeemed.waid)
        val after = currencies.circulation("EUR")
        assertEquals(EUR, after.currencyCode)
        assertAmount("100.25", after.circulation - before.circulation)
        assertTrue(EUR in currencies.list().map { it.currencyCode })
    }

    @Test
    fun `users are made, found, changed and listed`() = test {
        val users = provider.users()
        val prefix = World.name("list")
        val made = (1..5).map {
            users.create(CreateUser("$prefix-$it", displayName = "Ünï $it", metadata = """{"n":$it}"""))
        }
        val found = users.get(GetUser(providerUserId = "$prefix-2"))
        assertEquals(made[1].uuid to """{"n":2}""", found.uuid to found.metadata)
        users.update(UpdateUser(uuid = found.uuid, displayName = "Bob", status = Status.Inactive))
        assertEquals("Bob" to Status.Inactive, users.get(GetUser(uuid = found.uuid)).run { displayName to status })
        val listed = users.all(ListUsers(limit = 2u, search = prefix)).toList()
        assertEquals(made.map { it.uuid }, listed.map { it.uuid })
        assertEquals(20006, throws<FlorinException.Refused> { users.create(CreateUser("$prefix-1")) }.resultCode)
    }

    @Test
    fun `money moves, and the books show it`() = test {
        val (alice, bob) = World.user() to World.user()
        val wallets = provider.wallets()
        val credited = World.credit(alice, "10.00000001")
        assertEquals(alice.waid, credited.waid)
        wallets.debit(DebitWallet(EUR, BigDecimal("1.5"), uuid = alice.uuid))
        wallets.transfer(WalletTransfer(BigDecimal("3"), EUR, bob.waid, alice.waid, description = "lunch"))
        assertEquals(BigDecimal("5.50000001"), World.available(alice))
        assertAmount("3", World.available(bob))
        assertEquals(bob.waid, wallets.listOfProfile(bob.upid).defaultWallet)

        val history = provider.transactions().all(TransactionQuery(waid = alice.waid, limit = 1u)).toList()
        val kinds = listOf(TransactionType.Transfer, TransactionType.Debit, TransactionType.Credit)
        assertEquals(kinds, history.map { it.kind })
        listOf("-3", "-1.5", "10.00000001").zip(history) { amount, listed -> assertAmount(amount, listed.amount) }
        val details = provider.transactions().get(credited.txid)
        assertEquals(2, details.entries!!.size)
        assertAmount("0", details.entries!!.sumOf { it.amount })
        assertTrue(Duration.between(details.started, Instant.now()).abs() < Duration.ofMinutes(5))
    }

    @Test
    fun `mobile tokens and api keys are made and ended`() = test {
        val alice = World.user()
        val tokens = provider.mobileTokens()
        val token = tokens.create(CreateMobileToken(uuid = alice.uuid, ttlSeconds = 60u, device = "phone"))
        assertEquals("read", token.scope)
        assertTrue(Duration.between(Instant.now(), token.expires) <= Duration.ofSeconds(61))
        assertEquals(listOf("phone"), tokens.list(ListMobileTokens(uuid = alice.uuid)).map { it.device })
        tokens.create(CreateMobileToken(uuid = alice.uuid))
        tokens.revoke(token.mtid)
        assertEquals(1u, tokens.revokeAll(RevokeMobileTokens(uuid = alice.uuid)))

        val key = provider.apiKeys().create(CreateApiKey("for a test", listOf("ewallet-ro")))
        assertTrue(key.akid in provider.apiKeys().list().map { it.akid })
        provider.apiKeys().delete(key.akid)
        assertTrue(key.akid !in provider.apiKeys().list().map { it.akid })
        assertEquals(provider.profiles().get().upid, provider.wallets().get().upid)
    }

    @Test
    fun `payment requests are paid and refused`() = test {
        val alice = World.user()
        World.credit(alice, "10")
        val payments = provider.payments()
        val request = CreatePaymentRequest(BigDecimal("4"), EUR, "wallet", sourceWaid = alice.waid)
        val (paid, refused) = payments.request(request) to payments.request(request)
        assertEquals(PaymentStatus.Waiting, paid.status)
        payments.accept(AcceptPayment(paid.prid, EUR, "wallet", BigDecimal("4")))
        payments.refuse(refused.prid)
        assertEquals(PaymentStatus.Paid, payments.get(paid.prid).status)
        assertEquals(PaymentStatus.Declined, payments.get(refused.prid).status)
        assertAmount("6", World.available(alice))
        assertEquals(20011, throws<FlorinException.Refused> { payments.refuse(paid.prid) }.resultCode)
        assertTrue(paid.prid in payments.all().toList().map { it.prid })
    }

    @Test
    fun `money is held, captured and refunded`() = test {
        val alice = World.user()
        World.credit(alice, "10")
        val holds = provider.holds()
        val hold = holds.place(PlaceHold(EUR, BigDecimal("6"), waid = alice.waid))
        assertAmount("4", World.available(alice))
        World.app(alice).use { app -> assertAmount("6", app.wallet().balances.single().held) }
        val captured = holds.capture(CaptureHold(hold.hoid, BigDecimal("2.5")))
        assertAmount("7.5", World.available(alice))
        provider.wallets().refund(RefundTransaction(captured.txid, BigDecimal("1")))
        assertAmount("8.5", World.available(alice))
        assertEquals(20016, throws<FlorinException.Refused> { holds.release(hold.hoid) }.resultCode)
    }

    @Test
    fun `a refusal is typed and moves nothing`() = test {
        val alice = World.user()
        World.credit(alice, "10")
        val refused = throws<FlorinException.Refused> {
            provider.wallets().debit(DebitWallet(EUR, BigDecimal("10.00000001"), waid = alice.waid))
        }
        assertEquals(20009u to "INSUFFICIENT_FUNDS", refused.code to refused.name)
        assertEquals(Knowledge.REFUSED, refused.knowledge)
        assertAmount("10", World.available(alice))

        val invalid = throws<FlorinException.InvalidInput> { World.credit(alice, "9".repeat(40)) }
        assertEquals("amount", invalid.field)
        throws<FlorinException.InvalidInput> { World.provider("ftp://example.com") }
        assertEquals(20000, throws<FlorinException.Refused> { World.credit(alice, "0.000000001") }.resultCode)
        val fields = throws<FlorinException.Refused> { provider.users().create(CreateUser("x".repeat(256))) }.fields
        assertEquals(listOf("provideruserid"), fields.map { it.field })
    }

    @Test
    fun `a reference moves money once`() = test {
        val alice = World.user()
        val reference = World.name("order-")
        val first = World.credit(alice, "5", reference)
        val copies = List(20) { async(Dispatchers.Default) { World.credit(alice, "5", reference) } }.awaitAll()
        assertEquals(setOf(first), copies.toSet())
        assertAmount("5", World.available(alice))
        assertEquals(20007, throws<FlorinException.Refused> { World.credit(alice, "6", reference) }.resultCode)
        provider.wallets().credit(CreditWallet(EUR, BigDecimal("1E+3"), waid = alice.waid)) // an amount all the same
        assertAmount("1005", World.available(alice))
    }

    @Test
    fun `a lost answer is found again`() = test {
        for (fault in listOf("drop-after", "drop-before", "garbage", "error=10003")) {
            val alice = World.user()
            val way = World.way("$fault,1,wallet-credit")
            val moved = World.provider(way.url).wallets().credit(gift(alice.waid, "5"))
            assertEquals(1, way.count("hit"))
            assertAmount("5", World.available(alice))
            val history = provider.transactions().list(TransactionQuery(waid = alice.waid)).transactions
            assertEquals(listOf(moved.txid), history.map { it.txid })
        }
    }

    @Test
    fun `what cannot be found out is in doubt, and is settled later`() = test {
        val alice = World.user()
        val journal = memoryJournal()
        val reference = World.name("doubt-")
        val way = World.way("drop-after,1,wallet-credit", "drop-before,99,operation")
        val error = throws<FlorinException.InDoubt> {
            World.provider(way.url, journal).wallets().credit(gift(alice.waid, "5"), reference)
        }
        assertEquals("CreditWallet" to reference, error.operation to error.reference)
        assertEquals(Knowledge.IN_DOUBT, error.knowledge)
        val pending = journal.pending().single()
        assertEquals(reference, pending.reference)
        assertTrue(""""amount":"5"""" in pending.request, pending.request)

        // Later, with a server that can be asked.
        val resumed = World.provider(journal = journal).operations().resume(reference)
        val txid = when (val fate = resumed.fate) {
            is Fate.Done -> fate.txid
            is Fate.Refused, is Fate.NothingRan, is Fate.InDoubt -> null
        }
        assertEquals(provider.transactions().list(TransactionQuery(waid = alice.waid)).transactions.single().txid, txid)
        assertAmount("5", World.available(alice))
        assertEquals(emptyList<JournalEntry>(), journal.pending())
    }

    @Test
    fun `a file keeps what is in doubt for the next process`(@TempDir folder: Path) = test {
        val alice = World.user()
        val file = folder.resolve("florin.journal")
        val way = World.way("drop-before,99,")
        val journal = fileJournal("$file")
        World.provider(way.url, journal).use { doomed ->
            doomed.wallets().use { throws<FlorinException.InDoubt> { it.credit(gift(alice.waid, "5")) } }
            val again = throws<FlorinException> { fileJournal("$file") }
            assertTrue("in use" in "$again", "$again")
        }
        journal.close()
        assertAmount("0", World.available(alice))

        val fates = World.provider(journal = fileJournal("$file")).operations().resumePending().map { it.fate }
        assertTrue(fates.single() is Fate.Done, "$fates")
        assertAmount("5", World.available(alice))
    }

    @Test
    fun `a cancelled call that moves money is carried out, once`() = test {
        val alice = World.user()
        val journal = memoryJournal()
        val reference = World.name("cancelled-")
        val way = World.way("delay-ms=2000,1,wallet-credit")
        val client = World.provider(way.url, journal)
        val job = launch { client.wallets().credit(gift(alice.waid, "5"), reference) }
        eventually { way.count("hit") == 1 }
        assertTrue(measureTime { job.cancelAndJoin() } < 1.seconds) // it does not keep its caller
        assertEquals(listOf(reference), journal.pending().map { it.reference }) // and is still under way
        assertAmount("0", World.available(alice))

        eventually { journal.pending().isEmpty() }
        val outcome = provider.operations().outcome(reference)
        assertEquals(OutcomeKind.Done to "CreditWallet", outcome.outcome to outcome.operation)
        assertAmount("5", World.available(alice))
        // Who makes the call again is told of the first.
        assertEquals(outcome.txid, client.wallets().credit(gift(alice.waid, "5"), reference).txid)
        assertAmount("5", World.available(alice))
    }

    @Test
    fun `a cancelled read ends at once, and the next one works`() = test {
        val way = World.way("hang,1,wallet")
        val client = World.provider(way.url)
        val job = launch { client.wallets().list() }
        eventually { way.count("hit") == 1 }
        assertTrue(measureTime { job.cancelAndJoin() } < 1.seconds)
        eventually { way.count("gone") == 1 }
        assertTrue(client.wallets().list().isNotEmpty())
    }

    /** A provider's own journal, in its own database, say. */
    private class OwnJournal(private val broken: Boolean = false) : Journal {
        val seen = CopyOnWriteArrayList<String>()
        val live = CopyOnWriteArrayList<JournalEntry>()

        override suspend fun record(entry: JournalEntry) {
            seen += "record ${entry.operation}"
            if (broken) throw JournalException.Storage("the disk is full")
            live += entry
        }

        override suspend fun settle(id: String, settlement: Settlement) {
            seen += "settle $settlement"
            live.removeIf { it.id == id }
        }

        override suspend fun pending(): List<JournalEntry> = live.toList()
    }

    @Test
    fun `a journal written in Kotlin is called`() = test {
        val alice = World.user()
        val journal = OwnJournal()
        val wallets = World.provider(journal = journal).wallets()
        wallets.credit(gift(alice.waid, "5"))
        throws<FlorinException.Refused> { wallets.debit(DebitWallet(EUR, BigDecimal("6"), waid = alice.waid)) }
        assertEquals(listOf("record CreditWallet", "settle DONE", "record DebitWallet", "settle REFUSED"), journal.seen)

        val broken = World.provider(journal = OwnJournal(broken = true))
        val error = throws<FlorinException.Journal> { broken.wallets().credit(gift(alice.waid, "5")) }
        assertTrue("the disk is full" in error.reason, error.reason)
        assertAmount("5", World.available(alice)) // nothing was sent
    }
}
