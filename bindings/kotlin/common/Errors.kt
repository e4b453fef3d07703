// By hand, for both SDKs: scripts/build-bindings puts it into the package of each.
package florin.SDK.model

/** What is known of the call's outcome: all that decides whether it may be made again. */
val FlorinException.knowledge: Knowledge
    get() = when (this) {
        is FlorinException.Refused -> Knowledge.REFUSED
        is FlorinException.InDoubt -> Knowledge.IN_DOUBT
        is FlorinException.InvalidInput,
        is FlorinException.Unauthorized,
        is FlorinException.Unavailable,
        is FlorinException.Cancelled,
        is FlorinException.Journal,
        -> Knowledge.NOTHING_RAN
    }

/** Whether the very same call may be made again without harm and with some hope. */
val FlorinException.mayRetry: Boolean
    get() = this is FlorinException.Unavailable

/** The server's result code, if it gave one. */
val FlorinException.resultCode: Int?
    get() = when (this) {
        is FlorinException.Refused -> code
        is FlorinException.Unauthorized -> code
        is FlorinException.Unavailable -> code
        is FlorinException.InDoubt,
        is FlorinException.InvalidInput,
        is FlorinException.Cancelled,
        is FlorinException.Journal,
        -> null
    }?.toInt()
