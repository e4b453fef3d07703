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
        val jna = "com.sun.jna.**"
        for (kept in listOf("class $jna", "class * extends $jna", "class * implements $jna", "class florin.mobile.**")) {
            assertTrue("-keep $kept { *; }" in rules.readText(), kept)
        }
    }

    @Test
    fun `the mobile client has every read of the library`() {
        fun methods(type: Class<*>) = type.declaredMethods.map { it.name.substringBefore('$') }.toSet()
        val replaced = setOf("cancelledBy", "transactionPages", "paymentPages", "DefaultImpls")
        val reads = methods(RawMobileClientInterface::class.java) - replaced
        assertTrue("wallet" in reads, "$reads")
        assertEquals(emptySet<String>(), reads - methods(MobileClient::class.java))
    }
}
