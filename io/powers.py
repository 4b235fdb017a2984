"""Print io/powers.c: powers of ten as 128-bit significands. Run: python3 io/powers.py > io/powers.c"""

FIRST, LAST = -342, 324


def significand(k):
    """10^k scaled by a power of two into [2^127, 2^128), rounded up."""
    if k >= 0:
        value, shift = 10**k, 128 - (10**k).bit_length()
        if shift >= 0:
            return value << shift
        return -((-value) >> -shift)
    denominator = 10**-k
    bits = denominator.bit_length() + 127
    quotient = -(-(1 << bits) // denominator)
    if quotient >= 1 << 128:
        quotient = -(-(1 << (bits - 1)) // denominator)
    assert 1 << 127 <= quotient < 1 << 128
    return quotient


print("/* Made by io/powers.py. */")
print('#include "number.h"')
print()
print("/* ceil(10^k 2^s) with s such that it has 128 bits, high word first, for k = CVI_IO_POWER_FIRST up. */")
print("const uint64_t cvi_io_powers[CVI_IO_POWER_LAST - CVI_IO_POWER_FIRST + 1][2] = {")
for k in range(FIRST, LAST + 1):
    g = significand(k)
    assert 1 << 127 <= g < 1 << 128
    print(f"    {{0x{g >> 64:016x}, 0x{g & (2**64 - 1):016x}}}, /* {k} */")
print("};")
