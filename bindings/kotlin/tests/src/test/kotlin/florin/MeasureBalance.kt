package florin

import florin.mobile.MobileClient
import florin.mobile.TokenSource
import florin.mobile.model.ClientOptions
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.TimeSource
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test

/** How long a balance takes, for scripts/measure-kotlin. No test: it fails for no number, and runs only by name. */
class MeasureBalance {
    @Test
    fun `a balance, again and again`() = runBlocking {
        fun env(name: String) = System.getenv(name) ?: error("$name is not set: run scripts/measure-kotlin")
        val token = env("FLORIN_BENCH_TOKEN")
        val time = env("FLORIN_BENCH_MILLIS").toInt().milliseconds
        MobileClient(ClientOptions(env("FLORIN_BENCH_URL")), TokenSource { token }).use { app ->
            // The machine compiles what runs often; that is not what is asked here.
            app.median(3.seconds)
            repeat(env("FLORIN_BENCH_ROUNDS").toInt()) {
                val median = app.median(time).toDouble(DurationUnit.MICROSECONDS)
                println("balance, p50 in microseconds: $median")
            }
        }
    }

    private suspend fun MobileClient.median(time: Duration): Duration {
        val start = TimeSource.Monotonic.markNow()
        val times = ArrayList<Duration>()
        while (start.elapsedNow() < time) {
            val sent = TimeSource.Monotonic.markNow()
            wallet()
            times += sent.elapsedNow()
        }
        return times.sorted()[times.size / 2]
    }
}
