// SPDX-License-Identifier: Apache-2.0
#include "include/feedback.h"

#include "code_pack.h"

// New codes for blocks whose scales stay: Formats/NAME.md.

#define PK_STORE(name, size, bytes, pack)                              \
  void name(const uint8_t *codes, void *blocks, size_t count) {        \
    uint8_t *block = blocks;                                           \
    for (size_t b = 0; b < count; b++, block += bytes, codes += size) { \
      pack;                                                            \
    }                                                                  \
  }

typedef const uint8_t (*groups_of_16)[16];
typedef const uint8_t (*groups_of_32)[32];

PK_STORE(pk_store_q4_0, 32, 18, pk_pack_nibbles(codes, 0, 2, block))
PK_STORE(pk_store_q4_1, 32, 20, pk_pack_nibbles(codes, 0, 4, block))
PK_STORE(pk_store_q5_0, 32, 22, pk_pack_nibbles(codes, 2, 6, block))
PK_STORE(pk_store_q5_1, 32, 24, pk_pack_nibbles(codes, 4, 8, block))
PK_STORE(pk_store_q8_0, 32, 34, pk_pack_signed(codes, block + 2))
PK_STORE(pk_store_q2_k, 256, 84, pk_pack_pairs((groups_of_16)codes, block + 16))
PK_STORE(pk_store_q3_k, 256, 110, pk_pack_q3_k_codes((groups_of_16)codes, block))
PK_STORE(pk_store_q4_k, 256, 144, pk_pack_k((groups_of_32)codes, 0, 16, block))
PK_STORE(pk_store_q5_k, 256, 176, pk_pack_k((groups_of_32)codes, 16, 48, block))
PK_STORE(pk_store_q6_k, 256, 210, pk_pack_q6_k((groups_of_16)codes, block))
PK_STORE(pk_store_iq4_nl, 32, 18, pk_pack_nibbles(codes, 0, 2, block))
PK_STORE(
    pk_store_iq4_xs, 256, 136,
    for (int g = 0; g < 8; g++) pk_pack_nibbles(codes + 32 * g, 0, 8 + 16 * g, block))
