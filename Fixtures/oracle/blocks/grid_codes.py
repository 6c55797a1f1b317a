# SPDX-License-Identifier: Apache-2.0
"""Prints the code books of the IQ formats for Sources/CKernels/grid_codes_*.h.

An entry of a code book is 8 (IQ1, IQ2) or 4 (IQ3) levels; it is written as a number whose digits of
2 or 3 bits are the levels' places in their order, the first element lowest. The numbers come from the
Python package `gguf`.  Usage: grid_codes.py iq1|iq2|iq3
"""

import sys

import gguf.quants
import numpy as np

BOOKS = {"iq1": ["IQ1_S"], "iq2": ["IQ2_XXS", "IQ2_XS", "IQ2_S"], "iq3": ["IQ3_XXS", "IQ3_S"]}


def codes(name):
    book = getattr(gguf.quants, name)
    book.init_grid()
    grid = book.grid.reshape(-1, book.grid_shape[-1])
    levels = np.unique(grid)
    digits = np.searchsorted(levels, grid)
    bits = 2 if len(levels) <= 4 else 3
    return (digits << (bits * np.arange(grid.shape[1]))).sum(axis=1)


def main():
    family = sys.argv[1]
    guard = f"PARE_GRID_CODES_{family.upper()}_H"
    print("// SPDX-License-Identifier: Apache-2.0")
    print(f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n")
    print("// The code books of the format, in order: printed by Fixtures/oracle/blocks/grid_codes.py.")
    for name in BOOKS[family]:
        book = codes(name)
        print(f"\nstatic const uint16_t pk_codes_{name.lower()}[{len(book)}] = {{")
        for start in range(0, len(book), 12):
            print("    " + " ".join(f"0x{code:04x}," for code in book[start:start + 12]))
        print("};")
    print("\n#endif")


if __name__ == "__main__":
    main()
