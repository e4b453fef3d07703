// By hand, for both SDKs: scripts/build-bindings puts it into the package of each.
package florin.SDK.model

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

/**
 * The elements of all pages. Each collector walks them from the start; a page is fetched when it is needed, on
 * [Dispatchers.IO].
 */
internal fun <P : AutoCloseable, T> pages(open: () -> P, next: suspend P.() -> List<T>?): Flow<T> = flow {
    open().use { pager ->
        while (true) {
            val page = withContext(Dispatchers.IO) { pager.next() } ?: break
            page.forEach { emit(it) }
        }
    }
}
