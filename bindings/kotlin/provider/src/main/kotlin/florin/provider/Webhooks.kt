package florin.provider

import java.nio.ByteBuffer

/**
 * Checks a message and reads it: its headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and its body, the
 * bytes as they came.
 *
 * @throws florin.provider.model.FlorinException.InvalidInput Answer 400 and do nothing: `field` is what is wrong.
 */
fun WebhookVerifier.verify(id: String, timestamp: String, signature: String, body: ByteArray): Webhook =
    verify(id, timestamp, signature, ByteBuffer.allocateDirect(body.size).put(body).flip())
