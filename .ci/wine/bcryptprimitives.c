/* Wine 8 has no bcryptprimitives.dll, from which every program of Rust 1.78 or later imports ProcessPrng. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom, of advapi32 */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T len) {
    while (len) {
        ULONG part = len > 0x10000000 ? 0x10000000 : (ULONG)len;
        if (!SystemFunction036(to, part)) return FALSE;
        to += part;
        len -= part;
    }
    return TRUE;
}
