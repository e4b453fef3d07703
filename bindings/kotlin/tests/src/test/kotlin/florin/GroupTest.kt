package florin

import florin.provider.TokenChecker
import florin.provider.TokenPolicy
import florin.provider.WebhookVerifier
import florin.provider.liveEvents
import florin.provider.model.AddTeamUser
import florin.provider.model.ApplicationType
import florin.provider.model.AssignRoleRight
import florin.provider.model.AttributeType
import florin.provider.model.ChangeUserPassword
import florin.provider.model.ComponentName
import florin.provider.model.CreateApiKey
import florin.provider.model.CreateApplication
import florin.provider.model.CreateBridgeCurrency
import florin.provider.model.CreateProfile
import florin.provider.model.CreateRole
import florin.provider.model.CreateWalletDepositAddress
import florin.provider.model.DeleteNotificationTransport
import florin.provider.model.EnableUserMfa
import florin.provider.model.EventType
import florin.provider.model.FeeOperation
import florin.provider.model.FlorinException
import florin.provider.model.GetEvents
import florin.provider.model.GetNotificationTransports
import florin.provider.model.ListBridgeDeposits
import florin.provider.model.ListBridgeOrders
import florin.provider.model.ListFailedEvents
import florin.provider.model.Login
import florin.provider.model.ProfileType
import florin.provider.model.ReplayEvent
import florin.provider.model.ResetUserPassword
import florin.provider.model.RotateTransportSecret
import florin.provider.model.SetExtendedAttribute
import florin.provider.model.SetFeeSchedule
import florin.provider.model.SetNotificationTransport
import florin.provider.model.SetTier
import florin.provider.model.Status
import florin.provider.model.TeamMember
import florin.provider.model.TransactionQuery
import florin.provider.model.TransactionState
import florin.provider.model.TransportSettings
import florin.provider.model.TransportType
import florin.provider.model.UnassignRoleRight
import florin.provider.model.UpdateProfile
import florin.provider.model.UpdateTeamUser
import florin.provider.model.WalletTransfer
import florin.provider.model.WalletWithdraw
import florin.provider.model.WalletWithdrawTest
import florin.provider.model.resultCode
import florin.provider.verify
import java.math.BigDecimal
import java.nio.ByteBuffer
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The groups that the other tests leave out, each as one works with it. */
class GroupTest {
    private val provider = World.provider
    private val ten = BigDecimal("10")

    private suspend fun shop() = provider.profiles().create(
        CreateProfile(
            ProfileType.Organization, "${World.name("shop")}@example.com", subProfile = true,
            organizationName = "Shop", adminFirstName = "Ada", adminLastName = "Boss",
        )
    ).upid

    @Test
    fun `profiles are made, described, changed and switched off`() = test {
        val profiles = provider.profiles()
        val shop = shop()
        val badge = World.name("badge")
        profiles.describeAttribute(SetExtendedAttribute(badge, AttributeType.Text, "Badge", listOf("worm")))
        assertEquals(listOf("worm"), profiles.extendedAttributes().single { it.name == badge }.flags)
        profiles.update(UpdateProfile(shop, city = "Montréal", extended = """{"$badge":"17"}"""))
        val read = profiles.get(shop)
        assertEquals("Montréal" to Status.Active, read.data.city to read.status)
        assertEquals("""{"$badge":"17"}""", read.extended)
        val again = throws<FlorinException.Refused> {
            profiles.update(UpdateProfile(shop, extended = """{"$badge":"18"}"""))
        }
        assertEquals(20000, again.resultCode) // it is written once
        profiles.forgetAttribute(badge)

        val key = provider.apiKeys().create(CreateApiKey("of the shop", listOf("ewallet-admin"), shop)).apiKey
        assertEquals(shop, profiles.ofApiKey(key).upid)
        val own = World.provider(key = key)
        assertEquals(shop, own.profiles().list().single().upid)
        profiles.setStatus(shop, Status.Inactive)
        throws<FlorinException.Unauthorized> { own.wallets().get() }
    }

    @Test
    fun `people come, get other roles, and go`() = test {
        val (shop, email) = shop() to "${World.name("kim")}@example.com"
        val teams = provider.teams()
        val kim = teams.add(AddTeamUser(email, listOf("profile-ro"), "https://shop.example/join", shop)).uuid
        teams.update(UpdateTeamUser(email, listOf("ewallet-ro"), shop))
        assertEquals(listOf(TeamMember(kim, email, listOf("ewallet-ro"))), teams.list(shop))
        val twice = AddTeamUser(email, listOf("profile-ro"), "https://shop.example/join", shop)
        assertEquals(20006, throws<FlorinException.Refused> { teams.add(twice) }.resultCode)

        val users = provider.systemUsers()
        assertEquals(kim to shop, users.byEmail(email).run { uuid to defaultProfile.upid })
        users.setStatus(kim, Status.Inactive)
        assertEquals(Status.Inactive, users.get(kim).status)
        teams.remove(kim, shop)
        assertEquals(20005, throws<FlorinException.Refused> { teams.remove(kim, shop) }.resultCode)
    }

    @Test
    fun `roles are made of rights`() = test {
        val roles = provider.roles()
        val desk = World.name("front-desk-")
        roles.create(CreateRole(desk, "Front desk", listOf("readmyprofile")))
        roles.assignRight(AssignRoleRight(desk, "listmyswallettx"))
        roles.unassignRight(UnassignRoleRight(desk, "readmyprofile"))
        assertEquals(listOf("listmyswallettx"), roles.list().single { it.roleId == desk }.rights.map { it.rightId })
        val unknown = throws<FlorinException.Refused> { roles.assignRight(AssignRoleRight(desk, "makecoffee")) }
        assertEquals(20000, unknown.resultCode)
        roles.delete(desk)
        assertTrue(roles.list().none { it.roleId == desk })
        assertTrue(provider.settings().roles().any { it.roleId == "ewallet-ro" }) // those that are built in
    }

    @Test
    fun `people sign in, change their password, and use a second factor`() = test {
        val person = World.person()
        val credentials = provider.credentials()
        val signedIn = credentials.login(Login(person.email, PASSWORD))
        assertTrue("token=***" in "$signedIn" && person.uuid in "$signedIn", "$signedIn")
        assertEquals("Login(email=${person.email}, password=***, mfaCode=null)", "${Login(person.email, PASSWORD)}")
        assertEquals(person.uuid to person.upid, signedIn.uuid to signedIn.upid)
        val checker = TokenChecker(World.options(), TokenPolicy())
        assertEquals(person.uuid, checker.check(signedIn.token).uuid)
        val wrong = throws<FlorinException.Unauthorized> { credentials.login(Login(person.email, "Wr0ng-pass!")) }
        assertEquals(20001, wrong.resultCode)

        credentials.resetPassword(ResetUserPassword(person.email, "https://shop.example/new"))
        val link = Regex("<dd>${person.email}</dd>.*?token=(\\w{32})", RegexOption.DOT_MATCHES_ALL)
        fun token() = link.find(World.get("${World.url}/console/outbox").body())?.groupValues?.get(1)
        eventually { token() != null }
        credentials.changePassword(ChangeUserPassword(person.email, "N3w-password!", token = token()))
        throws<FlorinException.Unauthorized> { checker.check("no token") }
        assertEquals(person.uuid, credentials.login(Login(person.email, "N3w-password!")).uuid)

        // The master user of a key's profile.
        val key = provider.apiKeys().create(CreateApiKey("of a person", listOf("profile-admin"), person.upid)).apiKey
        val own = World.provider(key = key).credentials()
        val seed = own.mfaSeed()
        assertTrue(seed.otpauthUrl!!.startsWith("otpauth://totp/") && seed.seed in seed.otpauthUrl!!)
        fun enable(code: String) = EnableUserMfa(person.email, "N3w-password!", code)
        assertEquals(20015, throws<FlorinException.Refused> { own.enableMfa(enable("000000")) }.resultCode)
        assertEquals(false, own.mfaStatus())
        own.enableMfa(enable(authenticator(seed.seed)))
        assertEquals(true, own.mfaStatus())
        val missing = throws<FlorinException.Refused> { credentials.login(Login(person.email, "N3w-password!")) }
        assertEquals(20015, missing.resultCode)
    }

    /** The code that an authenticator app shows (RFC 6238). */
    private fun authenticator(seed: String): String {
        val bits = seed.map { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(it).toString(2).padStart(5, '0') }
        val key = bits.joinToString("").chunked(8).map { it.toInt(2).toByte() }.toByteArray()
        val mac = Mac.getInstance("HmacSHA1").apply { init(SecretKeySpec(key, "HmacSHA1")) }
        val digest = mac.doFinal(ByteBuffer.allocate(8).putLong(System.currentTimeMillis() / 30_000).array())
        val word = ByteBuffer.wrap(digest).getInt(digest.last().toInt() and 15) and Int.MAX_VALUE
        return "%06d".format(word % 1_000_000)
    }

    @Test
    fun `applications are registered`() = test {
        val applications = provider.applications()
        val made = applications.create(
            CreateApplication("Shop", ApplicationType.Confidential, "https://shop.example/back")
        )
        val other = applications.rotateSecret(made.clientId)
        assertTrue(other != made.clientSecret && other.isNotEmpty())
        val listed = applications.list().single { it.clientId == made.clientId }
        assertEquals(listOf("https://shop.example/back"), listed.redirectUris)
        assertEquals(ApplicationType.Confidential, listed.kind)
        val phone = CreateApplication("Phone", ApplicationType.Public, "com.shop:/back")
        assertNull(applications.create(phone).clientSecret)
        assertTrue(applications.rotateSigningKey().isNotEmpty())
        applications.delete(made.clientId)
        assertEquals(20005, throws<FlorinException.Refused> { applications.delete(made.clientId) }.resultCode)
    }

    @Test
    fun `fees come on top`() = test {
        val (alice, bob) = World.user() to World.user()
        World.credit(alice, "20")
        val fees = provider.fees()
        val terms = SetFeeSchedule(
            scheduleName = World.name("Retail"), feeOperation = FeeOperation.Transfer, feeCurrency = EUR,
            fixed = BigDecimal("0.10"), basisPoints = 150u,
        )
        val fsid = fees.set(terms)
        fees.assign(alice.upid, fsid)
        assertEquals(150u, fees.list().single { it.fsid == fsid }.rules.single().basisPoints)
        provider.wallets().transfer(WalletTransfer(ten, EUR, bob.waid, alice.waid))
        val paid = provider.transactions().list(TransactionQuery(waid = alice.waid, limit = 1u)).transactions.single()
        assertAmount("0.25", paid.fee)
        assertAmount("9.75", World.available(alice))
        fees.delete(fsid)
        assertEquals(20005, throws<FlorinException.Refused> { fees.delete(fsid) }.resultCode)
    }

    @Test
    fun `tiers limit`() = test {
        val (alice, bob) = World.user() to World.user()
        World.credit(alice, "20")
        val tiers = provider.tiers()
        tiers.set(SetTier(7u, "Child", limitTransferFiat1 = BigDecimal("5"), limitDelayHours = 24u))
        tiers.assign(alice.upid, 7u)
        assertAmount("5", tiers.list().single { it.level == 7u }.limitTransferFiat1!!)
        suspend fun send() = provider.wallets().transfer(WalletTransfer(ten, EUR, bob.waid, alice.waid))
        assertEquals(20010, throws<FlorinException.Refused> { send() }.resultCode)
        tiers.delete(7u)
        assertEquals(3u, provider.profiles().get(alice.upid).tierLevel) // the next lower one
        send()
        assertAmount("10", World.available(alice))
    }

    @Test
    fun `money comes in and goes out over a bridge`() = test {
        val alice = World.user()
        val (wallets, bridges) = provider.wallets() to provider.bridges()
        val ripple = bridges.list().single { it.bridgeName == "ripple" }
        assertTrue(ripple.enabled)
        val address = wallets.createDepositAddress(CreateWalletDepositAddress("ripple", alice.waid)).address
        World.network("ripple/send", """{"to":"$address","amount":"100.5"}""")
        suspend fun xrp() = wallets.get(alice.waid).balances.singleOrNull { it.currencyCode == "XRP" }
        eventually { xrp()?.available?.compareTo(BigDecimal("100.5")) == 0 }
        val came = bridges.deposits(ListBridgeDeposits("ripple", ripple.instanceId)).deposits
        assertEquals("XRP", came.single { it.address == address }.asset)

        val to = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-123456"
        val paths = wallets.testWithdraw(WalletWithdrawTest("ripple", to, ten, "XRP", alice.waid))
        assertAmount("10", paths.single().sourceAmount)
        val txid = wallets.withdraw(WalletWithdraw(ten, "XRP", "ripple", to, alice.waid)).txid
        eventually { provider.transactions().get(txid).state != TransactionState.Pending }
        assertEquals(TransactionState.Completed, provider.transactions().get(txid).state)
        assertAmount("90.5", xrp()!!.available)
        val sent = bridges.orders(ListBridgeOrders("ripple", ripple.instanceId)).orders.single { it.txid == txid }
        assertEquals(to to "done", sent.destinationAddress to sent.status)
        val nowhere = WalletWithdraw(ten, "XRP", "ripple", "rNOBODY", alice.waid)
        assertEquals(20000, throws<FlorinException.Refused> { wallets.withdraw(nowhere) }.resultCode)

        assertEquals("ripple", bridges.balances("ripple", ripple.instanceId).bridgeName)
        val account = bridges.accounts("ripple", ripple.instanceId)
        assertEquals(bridges.accountIdentifier("ripple").name, account.identifier)
        assertTrue(bridges.accountAttributes("ripple").any { it.masked })
        assertTrue(wallets.trustLines("ripple", address.substringBefore('-')).trustLines.isEmpty())
    }

    @Test
    fun `a currency has its likeness on a network`() = test {
        val currencies = provider.currencies()
        val issuer = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn"
        val bridge = CreateBridgeCurrency(EUR, "ripple", issuer, true, true)
        assertEquals(issuer, currencies.createBridge(bridge).issuerAddress)
        assertTrue(currencies.listOfSystem().any { it.currencyCode == "$EUR.ripple" })
        assertTrue(provider.settings().currencies().any { it.currencyCode == "$EUR.ripple" })
        assertTrue(provider.settings().get().currencies.any { it.currencyCode == EUR })
        assertEquals(20006, throws<FlorinException.Refused> { currencies.createBridge(bridge) }.resultCode)
        val made = currencies.createAddress("ripple").profileAddress
        assertEquals(made, currencies.addresses().single { it.bridgeName == "ripple" }.profileAddress)
    }

    @Test
    fun `the operator sets what can be set`() = test {
        val components = provider.components()
        val (omnipay, name) = ComponentName.Omnipay to "paymentexpiryminutes"
        components.set(omnipay, name, "45")
        val set = components.attributes(omnipay).single { it.name == name }
        assertEquals("45" to "30", set.value to set.defaultValue)
        components.set(omnipay, name, "30")
        assertEquals(20000, throws<FlorinException.Refused> { components.set(omnipay, name, "soon") }.resultCode)
        components.unlock(omnipay, "0123456789abcdef") // nothing is sealed here
    }

    @Test
    fun `what happens is told, live and by signed messages`() = test {
        val notifications = provider.notifications()
        val me = provider.profiles().get()
        val address = "${World.proxy}/receive/${World.name("hook")}"
        val here = TransportSettings(url = address, events = listOf("credit"), below = true)
        val made = notifications.add(SetNotificationTransport(me.upid, TransportType.Http, here, akid = me.akid))
        val start = notifications.events(GetEvents()).next
        val alice = World.user()
        val txid = World.credit(alice, "5").txid

        val event = notifications.liveEvents(after = start).first { it.data.waid == alice.waid }
        assertEquals(EventType.Credit to txid, event.kind to event.data.txid)

        eventually { World.get(address).statusCode() == 200 }
        val message = World.get(address)
        fun header(name: String) = message.headers().firstValue(name).get()
        fun read(secret: String, body: String) = WebhookVerifier(listOf(secret)).verify(
            header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body.toByteArray(),
        )
        val webhook = read(made.secret!!, message.body())
        assertEquals(header("webhook-id") to txid, webhook.id to webhook.event.data.txid)
        for (body in listOf(message.body().replace("credit", "Credit"), "")) {
            val forged = throws<FlorinException.InvalidInput> { read(made.secret!!, body) }
            assertEquals("webhook-signature", forged.field)
        }
        throws<FlorinException.InvalidInput> { WebhookVerifier(emptyList()) }

        assertTrue(notifications.rotateSecret(RotateTransportSecret(ntid = made.ntid)) != made.secret)
        notifications.update(made.ntid, here.copy(events = listOf("debit")))
        val listed = notifications.listOf(GetNotificationTransports(me.upid, akid = me.akid)).flatMap { it.transports }
        assertEquals(listOf("debit"), listed.single { it.ntid == made.ntid }.transport.events)
        assertEquals(emptyList<String>(), notifications.failures(ListFailedEvents()).failures.map { it.reason })
        assertEquals(0u, notifications.replay(ReplayEvent(ntid = made.ntid)))
        notifications.delete(DeleteNotificationTransport(ntid = made.ntid))
        assertTrue(notifications.list(me.upid).flatMap { it.transports }.none { it.ntid == made.ntid })
    }
}
