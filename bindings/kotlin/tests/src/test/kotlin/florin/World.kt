package florin

import florin.mobile.MobileClient
import florin.mobile.TokenSource
import florin.provider.Journal
import florin.provider.ProviderClient
import florin.provider.memoryJournal
import florin.provider.model.ClientOptions
import florin.provider.model.CreateExtendedCurrency
import florin.provider.model.CreateMobileToken
import florin.provider.model.CreateProfile
import florin.provider.model.CreateUser
import florin.provider.model.CreatedUser
import florin.provider.model.CreditWallet
import florin.provider.model.IssueGatewayCurrency
import florin.provider.model.ProfileType
import java.math.BigDecimal
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals

/** The currency that the provider has issued. */
const val EUR = "EUR.tests"

/** What people sign in with. */
const val PASSWORD = "Str0ng-pass!"

/** The server that scripts/test-kotlin has started, and the provider's own server on top of the provider SDK. */
object World {
    val url = env("FLORIN_TEST_URL")
    val proxy = env("FLORIN_TEST_PROXY")
    private val http = HttpClient.newHttpClient()
    private val count = AtomicInteger()

    /** The provider's client. Its currency is made with the first use. */
    val provider: ProviderClient by lazy {
        provider().also {
            runBlocking {
                it.currencies().create(CreateExtendedCurrency("EUR", "Test euro", 8u, 2u, issuerName = "tests"))
                it.currencies().issue(IssueGatewayCurrency("EUR", BigDecimal("1000000")))
            }
        }
    }

    private fun env(name: String) =
        System.getenv(name) ?: error("$name is not set: run scripts/test-kotlin, which starts a server")

    /** A name that no other test has. */
    fun name(prefix: String = "t") = "$prefix${count.incrementAndGet()}"

    fun options(url: String = this.url) = ClientOptions(url, retryDelayScalePercent = 3u)

    /** A client of its own. */
    fun provider(url: String = this.url, journal: Journal = memoryJournal(), key: String = env("FLORIN_TEST_KEY")) =
        ProviderClient(options(url), key, journal)

    suspend fun user(): CreatedUser = provider.users().create(CreateUser(name("user")))

    /** A person with an account, who signs in with [email] and [PASSWORD], on a profile below the provider's. */
    class Person(val email: String, val upid: String, val uuid: String)

    suspend fun person(): Person {
        val email = "${name("person")}@example.com"
        val request = CreateProfile(
            ProfileType.Individual, email, registerUser = true, subProfile = true, password = PASSWORD,
            callbackUrl = "https://shop.example/welcome", emailValidation = false, firstName = "Ivy", lastName = "Reed",
        )
        val made = provider.profiles().create(request)
        return Person(email, made.upid, made.uuid!!)
    }

    suspend fun credit(user: CreatedUser, amount: String, reference: String? = null) =
        provider.wallets().credit(CreditWallet(EUR, BigDecimal(amount), waid = user.waid), reference)

    /** What the user can spend. */
    suspend fun available(user: CreatedUser): BigDecimal =
        provider.wallets().get(user.waid).balances.find { it.currencyCode == EUR }?.available ?: BigDecimal.ZERO

    suspend fun token(user: CreatedUser) = provider.mobileTokens().create(CreateMobileToken(uuid = user.uuid))

    /** Ends a token's time on the server. */
    fun expire(mtid: String) = assertEquals("""{"changed": 1}""", send("POST", "$proxy/expire/$mtid"))

    /** The app of a user. */
    fun app(user: CreatedUser, url: String = this.url) = app(url, TokenSource { token(user).token })

    fun app(url: String, tokens: TokenSource) = MobileClient(appOptions(url), tokens)

    fun appOptions(url: String = this.url) = florin.mobile.model.ClientOptions(url, retryDelayScalePercent = 3u)

    /** A way to the server on which things go wrong: see bindings/python/proxy.py for the rules. */
    fun way(vararg rules: String) = Way(name(), rules.joinToString(";"))

    class Way(private val name: String, rules: String) {
        val url = "$proxy/$name/$rules"

        /** How many requests it has `seen`, `hit` with a misfortune, and how many clients were `gone`. */
        fun count(what: String): Int =
            Regex("\"$what\": (\\d+)").find(send("GET", "$proxy/stats/$name"))!!.groupValues[1].toInt()
    }

    /** A request without the SDK. */
    fun post(path: String, body: String, authorization: String): String = send("POST", url + path, body, authorization)

    /** Asks the sandbox's outside networks for something. */
    fun network(path: String, body: String? = null): String =
        send(if (body == null) "GET" else "POST", "$url/sandbox/bridge/$path", body)

    /** A person opens this address in a browser, signs in and decides; where that leads, which is the app. */
    fun browser(url: String, person: Person, decision: String): String {
        val texts = mapOf("url" to url, "email" to person.email, "password" to PASSWORD, "decision" to decision)
        val body = texts.entries.joinToString(",", "{", "}") { (name, text) -> "\"$name\":\"$text\"" }
        return send("POST", "$proxy/browser", body)
    }

    fun get(url: String): HttpResponse<String> =
        http.send(HttpRequest.newBuilder(URI(url)).build(), BodyHandlers.ofString())

    private fun send(method: String, url: String, body: String? = null, authorization: String? = null): String {
        val publisher = body?.let(BodyPublishers::ofString) ?: BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI(url)).method(method, publisher)
        authorization?.let { request.header("Authorization", it) }
        return http.send(request.build(), BodyHandlers.ofString()).body()
    }
}

/** A token source that counts. */
class Counting(private val fetch: suspend (Int) -> String) : TokenSource {
    val fetches = AtomicInteger()

    override suspend fun freshToken() = fetch(fetches.incrementAndGet())
}

/** Gives a test that never ends an end. */
fun test(block: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(60.seconds) { block() } }

/** JUnit's assertThrows takes no suspend lambda. */
inline fun <reified T : Throwable> throws(block: () -> Unit): T {
    val thrown = runCatching(block).exceptionOrNull()
    return thrown as? T ?: throw AssertionError("expected ${T::class}, got $thrown", thrown)
}

suspend fun eventually(condition: suspend () -> Boolean) = withTimeout(20.seconds) { while (!condition()) delay(20) }

/** Equal in value, whatever the scale. */
fun assertAmount(expected: String, actual: BigDecimal) =
    assertEquals(0, BigDecimal(expected).compareTo(actual), "expected $expected, got $actual")
