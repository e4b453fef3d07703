// By hand, for both SDKs: scripts/build-bindings puts it into the package of each.
package florin.SDK.model

/**
 * Reads the text of a scanned QR code. Anybody can print one: ask the server for [PaymentCode.prid], and show what the
 * server says.
 *
 * @throws FlorinException.InvalidInput if it is no payment code.
 */
fun PaymentCode.Companion.parse(text: String): PaymentCode = parsePaymentCode(text)

/** The text to show as a QR code. */
fun PaymentCode.encode(): String = encodePaymentCode(this)

/** Whether it will not change any more. */
val PaymentStatus.isFinal: Boolean
    get() = when (this) {
        PaymentStatus.Waiting, PaymentStatus.Partial, is PaymentStatus.Other -> false
        PaymentStatus.Paid,
        PaymentStatus.Timeout,
        PaymentStatus.Canceled,
        PaymentStatus.Refunded,
        PaymentStatus.Failed,
        PaymentStatus.Declined,
        -> true
    }
