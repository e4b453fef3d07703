package florin

import florin.mobile.TokenException
import florin.mobile.TokenSource
import florin.mobile.model.EventType
import florin.mobile.model.FlorinException
import florin.mobile.model.GetEvents
import florin.mobile.model.GetWalletDepositAddress
import florin.mobile.model.Knowledge
import florin.mobile.model.ListedTransaction
import florin.mobile.model.PaymentCode
import florin.mobile.model.PaymentDirection
import florin.mobile.model.PaymentStatus
import florin.mobile.model.TransactionState
import florin.mobile.model.TransactionType
import florin.mobile.model.encode
import florin.mobile.model.isFinal
import florin.mobile.model.knowledge
import florin.mobile.model.mayRetry
import florin.mobile.model.parse
import florin.mobile.model.resultCode
import florin.provider.model.AcceptPayment
import florin.provider.model.CreatePaymentRequest
import florin.provider.model.CreateWalletDepositAddress
import java.io.IOException
import java.math.BigDecimal
import java.net.ServerSocket
import java.time.Duration
import java.time.Instant
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTime
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The app: it reads. The provider's side of each story is played by the provider SDK, in the same process. */
class MobileTest {
    @Test
    fun `wallets are read`() = test {
        val alice = World.user()
        World.credit(alice, "1234.56789012")
        World.app(alice).use { app ->
            val wallet = app.wallet()
            assertEquals(alice.waid, wallet.waid)
            assertTrue(wallet.isDefault)
            val balance = wallet.balances.single()
            assertEquals(EUR, balance.currencyCode)
            assertEquals(BigDecimal("1234.56789012"), balance.available)
            assertAmount("0", balance.held)
            assertEquals(wallet, app.wallet(alice.waid))

            assertEquals(alice.waid, app.wallets().single().waid)
            val me = app.me()
            assertEquals(alice.uuid to alice.providerUserId, me.uuid to me.providerUserId)
            assertTrue(Duration.between(me.created, Instant.now()) < Duration.ofMinutes(5), "${me.created}")
            assertTrue(EUR in app.currencies().map { it.currencyCode })
            assertTrue(EUR in app.settings().currencies.map { it.currencyCode })
            assertTrue(app.roles().isNotEmpty())
        }
    }

    @Test
    fun `history is read, page by page`() = test {
        val alice = World.user()
        val before = Instant.now()
        for (cents in 1..7) World.credit(alice, "0.0$cents", "${alice.waid}-$cents")
        val way = World.way("none,0,x")
        World.app(alice, way.url).use { app ->
            val flow = app.allTransactions(pageSize = 3)
            assertEquals(0, way.count("seen")) // nothing is sent before somebody collects
            val all = flow.toList()
            assertEquals(3, way.count("seen"))
            assertEquals((7 downTo 1).map { BigDecimal("0.0${it}000000") }, all.map(ListedTransaction::amount))
            assertEquals(all, flow.toList()) // each collector starts anew
            assertEquals(all.take(2), flow.take(2).toList())
            assertEquals(7, way.count("seen")) // of which the last needed one page

            val newest = all.first()
            assertEquals(TransactionType.Credit, newest.kind)
            assertEquals(TransactionState.Completed, newest.state)
            assertEquals("${alice.waid}-7", newest.referenceId)
            assertAmount("0.28", newest.balance)
            assertTrue(Duration.between(before, newest.timestamp).abs() < Duration.ofMinutes(1), "${newest.timestamp}")

            val page = app.transactions(limit = 2, after = app.transactions(limit = 2).next)
            assertEquals(all.slice(2..3), page.transactions)
            assertEquals(all.slice(3..3), app.transactions(referenceId = "${alice.waid}-4").transactions)
            assertEquals(emptyList<ListedTransaction>(), app.allTransactions(to = before.minusSeconds(60)).toList())
            assertEquals(all, app.allTransactions(from = before.minusSeconds(60)).toList())

            val details = app.transaction(newest.txid)
            assertAmount("0.07", details.amount)
            assertEquals(alice.waid, details.destinationWaid)
            assertEquals(listOf(alice.waid), details.entries!!.map { it.waid }) // no other wallet is shown
        }
    }

    @Test
    fun `payment requests are read`() = test {
        val alice = World.user()
        World.credit(alice, "20")
        val payments = World.provider.payments()
        val request = CreatePaymentRequest(BigDecimal("4.50"), EUR, "wallet", sourceWaid = alice.waid)
        val asked = (1..3).map { payments.request(request) }
        World.app(alice).use { app ->
            // What the app scans is only a hint: it asks the server.
            val code = PaymentCode.parse(asked[0].qrPayload!!)
            assertEquals(asked[0].qrPayload, code.encode())
            assertAmount("4.50", code.amount)
            val waiting = app.payment(code.prid)
            assertEquals(PaymentStatus.Waiting, waiting.status)
            assertTrue(!waiting.status.isFinal)
            assertAmount("4.5", waiting.amount)

            payments.accept(AcceptPayment(code.prid, EUR, "wallet", waiting.amount))
            assertEquals(PaymentStatus.Paid, app.payment(code.prid).status)
            assertEquals(asked.map { it.prid }.reversed(), app.allPayments(pageSize = 2).toList().map { it.prid })
            assertEquals(PaymentDirection.Incoming, app.payments(limit = 1).payments.single().direction)
        }
        assertEquals("code", throws<FlorinException.InvalidInput> { PaymentCode.parse("https://example.com/") }.field)
    }

    @Test
    fun `the profile is read, and where money comes in`() = test {
        val alice = World.user()
        val made = World.provider.wallets().createDepositAddress(CreateWalletDepositAddress("ripple", alice.waid))
        World.app(alice).use { app ->
            assertEquals(alice.upid, app.profile().upid)
            assertEquals(listOf(alice.upid), app.profiles().map { it.upid })
            assertTrue(app.extendedAttributes().all { it.name.isNotEmpty() })
            assertEquals(made.address, app.depositAddress(GetWalletDepositAddress("ripple", "XRP")).address)
            val none = GetWalletDepositAddress("stellar", "XLM")
            assertEquals(20005, throws<FlorinException.Refused> { app.depositAddress(none) }.resultCode)
        }
    }

    @Test
    fun `what happens is told live, and after a break`() = test {
        val (alice, bob) = World.user() to World.user()
        World.app(alice).use { app ->
            val start = app.events().next
            val heard = async(Dispatchers.Default) { app.liveEvents(after = start).take(2).toList() }
            World.credit(bob, "9")
            val first = World.credit(alice, "5").txid
            val second = World.credit(alice, "1.5").txid
            val events = heard.await()
            assertEquals(listOf(first, second), events.map { it.data.txid })
            assertEquals(listOf(EventType.Credit, EventType.Credit), events.map { it.kind })
            assertEquals(listOf("5", "6.5").map(::BigDecimal), events.map { it.data.balance!!.stripTrailingZeros() })
            // From the first one on; and the same by asking.
            assertEquals(events[1].data, app.liveEvents(after = events[0].id).first().data)
            assertEquals(events.map { it.data }, app.events(GetEvents(after = start)).events.map { it.data })

            // Nothing happens: who waits can be cancelled.
            val waiting = launch(Dispatchers.Default) { app.liveEvents().collect { error("$it") } }
            delay(200.milliseconds)
            assertTrue(measureTime { waiting.cancelAndJoin() } < 1.seconds)
            val old = throws<FlorinException.Refused> { app.liveEvents(after = "nowhere").first() }
            assertEquals(20000, old.resultCode)
        }
    }

    @Test
    fun `errors arrive typed`() = test {
        val (alice, bob) = World.user() to World.user()
        val foreign = World.credit(bob, "1").txid
        World.app(alice).use { app ->
            val refused = throws<FlorinException.Refused> { app.transaction(foreign) }
            assertEquals(20005u to "NOT_FOUND", refused.code to refused.name)
            assertEquals(Knowledge.REFUSED to 20005, refused.knowledge to refused.resultCode)
            assertTrue(refused.requestId != null && !refused.mayRetry)
            assertTrue(refused.toString().startsWith("refused (20005 NOT_FOUND): "), "$refused")
            // Nobody learns whether there is such a thing.
            val unknown = throws<FlorinException.Refused> { app.transaction("txid_0000000000000000") }
            assertEquals(refused.reason, unknown.reason)

            val invalid = throws<FlorinException.InvalidInput> { app.wallet("not a wallet") }
            assertEquals("waid" to Knowledge.NOTHING_RAN, invalid.field to invalid.knowledge)
            assertEquals(20000, throws<FlorinException.Refused> { app.transactions(limit = 100_000) }.resultCode)
        }
        throws<FlorinException.InvalidInput> { World.app("not a URL", TokenSource { "token" }) }
        val nobodyThere = ServerSocket(0).use { "http://127.0.0.1:${it.localPort}" }
        World.app(nobodyThere, TokenSource { "token" }).use { app ->
            assertTrue(throws<FlorinException.Unavailable> { app.me() }.mayRetry)
        }
        World.app(World.url, TokenSource { "wrong" }).use { app ->
            assertEquals(20001, throws<FlorinException.Unauthorized> { app.me() }.resultCode)
        }
        throws<IllegalStateException> { World.app(alice).apply { close() }.me() }
    }

    @Test
    fun `the token source is called for the first call, and not for the next`() = test {
        val alice = World.user()
        val caller = Thread.currentThread()
        val tokens = Counting {
            check(Thread.currentThread() != caller)
            delay(10) // suspends, as a request to the provider's own server does
            World.token(alice).token
        }
        World.app(World.url, tokens).use { app ->
            assertEquals(0, tokens.fetches.get())
            repeat(3) { assertEquals(alice.uuid, app.me().uuid) }
            assertEquals(1, tokens.fetches.get())
        }
    }

    @Test
    fun `50 calls on an expired token fetch one new token`() = test {
        val alice = World.user()
        val kept = World.token(alice)
        World.expire(kept.mtid)
        val tokens = Counting { if (it == 1) kept.token else World.token(alice).token }
        val way = World.way("none,0,x")
        World.app(way.url, tokens).use { app ->
            val answers = List(50) { async(Dispatchers.Default) { app.me().uuid } }.awaitAll()
            assertEquals(setOf(alice.uuid), answers.toSet())
            assertEquals(2, tokens.fetches.get()) // the one that the app had kept, and one new one
            assertEquals(100, way.count("seen")) // each call was told that its token is over, and came again
        }
    }

    @Test
    fun `50 calls on a revoked token fetch one new token`() = test {
        val alice = World.user()
        var mtid = ""
        val tokens = Counting { World.token(alice).also { mtid = it.mtid }.token }
        World.app(World.url, tokens).use { app ->
            app.me()
            World.provider.mobileTokens().revoke(mtid)
            List(50) { async(Dispatchers.Default) { app.wallet() } }.awaitAll()
            assertEquals(2, tokens.fetches.get())
        }
    }

    @Test
    fun `a token source that throws is a typed error`() = test {
        suspend fun <T : FlorinException> reason(thrown: Exception, type: Class<T>): String =
            World.app(World.url, TokenSource { throw thrown }).use { app ->
                val error = throws<FlorinException> { app.me() }
                assertEquals(type, error.javaClass)
                assertNull(error.resultCode)
                error.toString()
            }
        val signIn = FlorinException.Unauthorized::class.java
        val later = FlorinException.Unavailable::class.java
        assertTrue("the session is over" in reason(TokenException.Denied("the session is over"), signIn))
        assertTrue("in a tunnel" in reason(TokenException.Unavailable("in a tunnel"), later))
        assertTrue("no route" in reason(IOException("no route"), later))
        assertTrue("a bug" in reason(IllegalStateException("a bug"), signIn))
        World.app(World.url, TokenSource { "line\nbreak" }).use { app ->
            assertTrue("cannot be a token" in throws<FlorinException.Unauthorized> { app.me() }.reason)
        }
    }

    @Test
    fun `a cancelled read ends at once, and the next one works`() = test {
        val alice = World.user()
        val way = World.way("hang,2,me")
        World.app(alice, way.url).use { app ->
            app.wallet()
            val job = launch { app.me() }
            eventually { way.count("hit") == 1 }
            assertTrue(measureTime { job.cancelAndJoin() } < 1.seconds)
            eventually { way.count("gone") == 1 } // the connection is closed, too

            val took = measureTime {
                throws<TimeoutCancellationException> { withTimeout(200.milliseconds) { app.me() } }
            }
            assertTrue(took < 1.5.seconds, "$took")
            assertEquals(alice.uuid, app.me().uuid)
        }
    }

    @Test
    fun `a cancelled call leaves its token to the others`() = test {
        val alice = World.user()
        val gate = CompletableDeferred<Unit>()
        val tokens = Counting { gate.await(); World.token(alice).token }
        World.app(World.url, tokens).use { app ->
            val first = launch(Dispatchers.Default) { app.me() }
            eventually { tokens.fetches.get() == 1 }
            val second = async(Dispatchers.Default) { app.me() }
            first.cancelAndJoin()
            gate.complete(Unit)
            assertEquals(alice.uuid, second.await().uuid)
            assertEquals(1, tokens.fetches.get())
        }
    }

    @Test
    fun `values of a later server are kept`() = test {
        val alice = World.user()
        World.credit(alice, "1")
        val request = CreatePaymentRequest(BigDecimal.ONE, EUR, "wallet", sourceWaid = alice.waid)
        val prid = World.provider.payments().request(request).prid
        val way = World.way(
            "rewrite=\"credit\"=\"cashback\",1,wallet-trans",
            "rewrite=\"active\"=\"dormant\",1,me",
            "rewrite=\"statuscode\":0=\"statuscode\":42,1,payment",
            "rewrite=20005=29999,1,wallet-waid",
        )
        World.app(alice, way.url).use { app ->
            assertEquals(TransactionType.Other("cashback"), app.transactions().transactions.single().kind)
            assertEquals("Other(raw=dormant)", app.me().status.toString())
            assertEquals(PaymentStatus.Other(42u), app.payment(prid).status)
            val refused = throws<FlorinException.Refused> { app.wallet("waid_0000000000000000") }
            assertEquals(29999 to "UNKNOWN", refused.resultCode to refused.name)
            assertEquals(4, way.count("hit"))
        }
        assertEquals("Paid", "${PaymentStatus.Paid}") // in a log, say
    }

    @Test
    fun `a token that the app gets cannot write, whoever sends it`() = test {
        val alice = World.user()
        val credit = """{"waid":"${alice.waid}","currency":"$EUR","amount":"1"}"""
        val answer = World.post("/api/v1/wallet/credit", credit, "Bearer ${World.token(alice).token}")
        assertTrue("\"resultcode\":20004" in answer, answer)
        assertAmount("0", World.available(alice))
    }
}
