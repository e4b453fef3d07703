package florin

import florin.mobile.MobileClient
import florin.mobile.OAuthClient
import florin.mobile.OAuthSettings
import florin.mobile.RefreshTokenKeeper
import florin.mobile.TokenSource
import florin.mobile.model.FlorinException
import florin.provider.TokenChecker
import florin.provider.TokenPolicy
import florin.provider.model.ApplicationType
import florin.provider.model.CreateApplication
import florin.provider.model.FlorinException as ProviderException
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** An app whose users have an account: they sign in by the system's browser, with OAuth and PKCE. */
class SignInTest {
    private val redirect = "com.example.app:/callback"

    /** The app's place for secrets. */
    private class Keychain : RefreshTokenKeeper {
        val kept = CopyOnWriteArrayList<String>()

        override suspend fun keep(refreshToken: String) {
            kept += refreshToken
        }
    }

    private suspend fun oauth(scope: String? = null): OAuthClient {
        val made = World.provider.applications().create(CreateApplication("Phone", ApplicationType.Public, redirect))
        return OAuthClient(World.appOptions(), OAuthSettings(made.clientId, redirect, scope))
    }

    @Test
    fun `a person signs in, the app reads, and they sign out`() = test {
        val person = World.person()
        val oauth = oauth("openid")
        val request = oauth.begin()
        val answer = World.browser(request.authorizeUrl, person, "allow")
        assertTrue(answer.startsWith("$redirect?code="), answer)
        // An answer to another request is none to this one.
        assertEquals("redirect", throws<FlorinException.InvalidInput> { oauth.finish(oauth.begin(), answer) }.field)
        val tokens = oauth.finish(request, answer)
        assertEquals("read openid", tokens.scope)
        assertEquals(3, tokens.idToken!!.split('.').size)
        // In a log, say.
        assertEquals("OAuthTokens(accessToken=***, refreshToken=***, scope=read openid, idToken=***)", "$tokens")
        assertTrue(request.verifier !in "$request", "$request")

        val keychain = Keychain()
        MobileClient(World.appOptions(), oauth.tokenSource(tokens.refreshToken, keychain)).use { app ->
            assertEquals(person.uuid, app.me().uuid)
            assertEquals(person.upid, app.profile().upid)
            assertEquals(person.upid, app.wallet().upid)
        }
        // It was refreshed once, and what it is refreshed with next has been kept.
        val next = keychain.kept.single()
        assertNotEquals(tokens.refreshToken, next)
        // The app starts again, with what it has kept.
        MobileClient(World.appOptions(), oauth.tokenSource(next, keychain)).use { app ->
            assertEquals(person.uuid, app.me().uuid)
            assertEquals(2, keychain.kept.size)
            oauth.signOut(keychain.kept.last())
            throws<FlorinException.Unauthorized> { app.me() }
        }
        throws<FlorinException.Unauthorized> { oauth.finish(request, answer) } // a code is good once
    }

    @Test
    fun `a person who refuses, and a server that is not there`() = test {
        val oauth = oauth()
        val request = oauth.begin()
        val answer = World.browser(request.authorizeUrl, World.person(), "deny")
        val refused = throws<FlorinException.Unauthorized> { oauth.finish(request, answer) }
        assertTrue("access_denied" in refused.reason, refused.reason)
        throws<FlorinException.InvalidInput> { OAuthClient(World.appOptions(), OAuthSettings("none", redirect)) }

        val away = OAuthClient(World.appOptions("http://127.0.0.1:1"), OAuthSettings("abcd2345", redirect))
        throws<FlorinException.Unavailable> { away.signOut("a token") }
        MobileClient(World.appOptions(), away.tokenSource("a token", Keychain())).use { app ->
            throws<FlorinException.Unavailable> { app.me() } // and nobody is signed out
        }
    }

    @Test
    fun `what the app got reads, and the provider's server can tell whose it is`() = test {
        val person = World.person()
        val oauth = oauth("*")
        val request = oauth.begin()
        val clientId = request.authorizeUrl.substringAfter("client_id=").substringBefore('&')
        val tokens = oauth.finish(request, World.browser(request.authorizeUrl, person, "allow"))
        assertEquals("read", tokens.scope) // more no app gets
        val checker = TokenChecker(World.options(), TokenPolicy(clientId, "read"))
        val checked = checker.check(tokens.accessToken)
        assertEquals(person.uuid to person.upid, checked.uuid to checked.upid)
        val foreign = TokenChecker(World.options(), TokenPolicy("abcd2345"))
        throws<ProviderException.Unauthorized> { foreign.check(tokens.accessToken) }
        throws<ProviderException.Unauthorized> { checker.check(tokens.accessToken.dropLast(6) + "AAAAAA") }

        val key = """{"description":"a key","roles":["ewallet-ro"]}"""
        val answer = World.post("/api/v1/profile/apikey", key, "Bearer ${tokens.accessToken}")
        assertTrue("\"resultcode\":20004" in answer, answer)
        World.app(World.url, TokenSource { tokens.accessToken }).use { app -> assertEquals(person.uuid, app.me().uuid) }
    }
}
