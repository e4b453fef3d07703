package florin.provider

/** Frees a journal of the library: a file is there for the next one then. A journal of one's own is left alone. */
fun Journal.close() {
    if (this is JournalImpl) destroy()
}
