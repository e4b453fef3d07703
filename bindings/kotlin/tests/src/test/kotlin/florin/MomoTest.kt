package florin

import florin.provider.MomoCollections
import florin.provider.MomoCredentials
import florin.provider.MomoDisbursements
import florin.provider.MomoProvisioning
import florin.provider.MomoRemittances
import florin.provider.MomoTarget
import florin.provider.memoryJournal
import florin.provider.model.FlorinException
import florin.provider.model.MomoParty
import florin.provider.model.MomoPartyIdType
import florin.provider.model.MomoPatience
import florin.provider.model.MomoReasonCode
import florin.provider.model.MomoRequestToPay
import florin.provider.model.MomoStatus
import florin.provider.model.MomoTransfer
import florin.provider.model.resultCode
import florin.provider.momoOptions
import florin.provider.readMomoCallback
import java.math.BigDecimal
import java.util.UUID
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** MTN's surface: money asked for and sent, against the sandbox. */
class MomoTest {
    private val options = momoOptions(MomoTarget.Local(World.url))
        .run { copy(client = client.copy(retryDelayScalePercent = 3u)) }
    private val patience = MomoPatience(firstDelayMs = 100u, mostDelayMs = 500u, deadlineS = 60u)

    private fun number(id: String) = MomoParty(MomoPartyIdType.Msisdn, id)

    private fun price(id: String, amount: String = "12.50") =
        MomoRequestToPay(BigDecimal(amount), "EUR", "order-1", number(id), payerMessage = "Please")

    private suspend fun credentials(product: String): MomoCredentials {
        val provisioning = MomoProvisioning(options, "c0111ec7".repeat(4))
        val user = provisioning.createUser("127.0.0.1")
        assertEquals("127.0.0.1", provisioning.user(user).providerCallbackHost)
        return MomoCredentials(product.repeat(4), user, provisioning.createKey(user))
    }

    @Test
    fun `money is asked for and paid once`() = test {
        val collections = MomoCollections(options, credentials("c0111ec7"), memoryJournal())
        val before = collections.balance().availableBalance
        val reference = collections.requestToPay(price("256770000001"))
        val paid = collections.waitForRequestToPay(reference, patience)
        assertEquals(MomoStatus.Successful, paid.status)
        assertAmount("12.50", collections.balance().availableBalance - before)
        // The same again is ours; another under the same reference is a conflict.
        assertEquals(reference, collections.requestToPay(price("256770000001"), reference))
        val conflict = throws<FlorinException.Refused> {
            collections.requestToPay(price("256770000001", "13"), reference)
        }
        assertEquals(409u to "RESOURCE_ALREADY_EXIST", conflict.code to conflict.name)
        assertAmount("12.50", collections.balance().availableBalance - before)
        assertTrue(collections.resumePending().isEmpty())
    }

    @Test
    fun `a failure has its reason, and an unknown holder is none`() = test {
        val collections = MomoCollections(options, credentials("c0111ec7"), memoryJournal())
        val reference = collections.requestToPay(price("46733123451"))
        val failed = collections.waitForRequestToPay(reference, patience)
        assertEquals(MomoStatus.Failed to MomoReasonCode.ApprovalRejected, failed.status to failed.reason?.code)
        assertNull(collections.isActive(number("46733123450")))
        assertEquals(true, collections.isActive(number("256770000001")))
        throws<FlorinException.InvalidInput> { collections.requestToPay(price("0770")) }
        throws<FlorinException.InvalidInput> { collections.requestToPayStatus("1") }
    }

    @Test
    fun `money is sent, and a callback is read`() = test {
        val disbursements = MomoDisbursements(options, credentials("d15b0125"), memoryJournal())
        val own = UUID.randomUUID().toString()
        val payout = MomoTransfer(BigDecimal("1E+1"), "EUR", "out-1", number("256770000002"))
        assertEquals(own, disbursements.transfer(payout, own))
        assertEquals(MomoStatus.Successful, disbursements.waitForTransfer(own, patience).status)
        val body = """{"amount": 10.0, "status": "FAILED", "reason": {"code": "A_NEW_ONE"}}"""
        val callback = readMomoCallback("PUT", "/momo/$own", body.toByteArray())
        assertEquals(own, callback.reference)
        assertEquals(MomoReasonCode.Other("A_NEW_ONE"), callback.reason?.code)
        assertAmount("10", callback.amount!!)
    }

    @Test
    fun `money is remitted`() = test {
        val remittances = MomoRemittances(options, credentials("4e0177a2"), memoryJournal())
        val before = remittances.balance().availableBalance
        val reference = remittances.transfer(MomoTransfer(BigDecimal("7.5"), "EUR", "home-1", number("256770000003")))
        assertEquals(MomoStatus.Successful, remittances.waitForTransfer(reference, patience).status)
        assertAmount("-7.5", remittances.balance().availableBalance - before)
        val unknown = UUID.randomUUID().toString()
        assertEquals(404, throws<FlorinException.Refused> { remittances.transferStatus(unknown) }.resultCode)
    }
}
