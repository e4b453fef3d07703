package florin

import florin.mobile.MobileClient
import florin.mobile.RawMobileClientInterface
import florin.provider.ProviderClient
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is in the jars. */
class PackageTest {
    @Test
    fun `the native libraries are inside the jars`() {
        val platform = System.getProperty("os.arch").let { if (it == "amd64") "x86-64" else it }
        for ((sdk, type) in listOf("mobile" to MobileClient::class.java, "provider" to ProviderClient::class.java)) {
            val jar = type.protectionDomain.codeSource.location.path
            assertTrue(jar.endsWith("/florin-$sdk-0.1.0.jar"), jar)
            val library = type.getResource("/linux-$platform/libflorin_$sdk.so").toString()
            assertEquals("jar:file:$jar!/linux-$platform/libflorin_$sdk.so", library)
        }
        // And nothing tells the JVM of another one.
        assertEquals(null, System.getProperty("jna.library.path"))
    }

    @Test
    fun `the rules for minified apps are inside the mobile jar`() {
        val rules = MobileClient::class.java.getResource("/META-INF/proguard/florin-mobile.pro")!!
        assertTrue("/florin-mobile-0.1.0.jar!" in "$rules", "$rules")
        for (kept in listOf("class com.sun.jna.**", "extends com.sun.jna.**", "implements com.sun.jna.**", "florin.mobile.**")) {
            assertTrue("$kept { *; }" in rules.readText(), kept)
        }
    }

    @Test
    fun `the mobile client has every read of the library`() {
        fun methods(type: Class<*>) = type.methods.filter { it.declaringClass == type }.map { it.name.substringBefore('$') }
        val replaced = setOf("cancelledBy", "transactionPages", "paymentPages")
        val missing = methods(RawMobileClientInterface::class.java) - methods(MobileClient::class.java).toSet() - replaced
        assertEquals(emptyList<String>(), missing)
    }
}
