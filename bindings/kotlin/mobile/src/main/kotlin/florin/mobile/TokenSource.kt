package florin.mobile

import java.io.IOException

/**
 * The app's way to a fresh token: it asks the provider's own server for one.
 *
 * It is asked for the first call, and again when the server says that the token is over: once, however many calls
 * wait. It runs on a background thread, has 30 seconds, and must not call back into the client.
 */
fun interface TokenSource {
    /**
     * A mobile token that was made just now.
     *
     * @throws TokenException to say why there is none. An [IOException] counts as [TokenException.Unavailable]: the
     *   call fails with `FlorinException.Unavailable`. After anything else the person must sign in again:
     *   `FlorinException.Unauthorized`.
     */
    suspend fun freshToken(): String
}

/** A [TokenSource] as the library knows it. */
internal class RawTokens(private val tokens: TokenSource) : RawTokenSource {
    override suspend fun freshToken(): String = try {
        tokens.freshToken()
    } catch (e: IOException) {
        throw TokenException.Unavailable(e.toString())
    }
}
