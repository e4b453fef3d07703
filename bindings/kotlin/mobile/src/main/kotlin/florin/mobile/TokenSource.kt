package florin.mobile

import java.io.IOException

/**
 * A [TokenSource] that calls [fetch], which asks the provider's own server for a token that was made just now.
 *
 * It may throw a [TokenException] to say why there is none. An [IOException] counts as [TokenException.Unavailable]:
 * the call fails with `FlorinException.Unavailable`. After anything else the person must sign in again:
 * `FlorinException.Unauthorized`.
 */
fun TokenSource(fetch: suspend () -> String): TokenSource = object : TokenSource {
    override suspend fun freshToken(): String = fetch()
}

/** An app that is offline must not sign its user out. */
internal class Forgiving(private val tokens: TokenSource) : TokenSource {
    override suspend fun freshToken(): String = try {
        tokens.freshToken()
    } catch (e: IOException) {
        throw TokenException.Unavailable(e.toString())
    }
}
