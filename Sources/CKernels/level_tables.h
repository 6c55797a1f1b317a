// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_LEVEL_TABLES_H
#define PARE_LEVEL_TABLES_H

#include "scalar_half.h"

// Formats of four bits whose codes are places in a table of sixteen levels.

// IQ4_NL, IQ4_XS: closer together near 0.
static const float pk_levels_iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};

// MXFP4, NVFP4: twice the numbers of one sign, two exponent and one mantissa bit (E2M1).
static const float pk_levels_fp4[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                        0, -1, -2, -3, -4, -6, -8, -12};

// Half of 2^(exponent - 127).
PK_BODY float pk_half_from_e8m0(uint32_t exponent) {
  return pk_float(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
}

// Half of an unsigned number of four exponent and three mantissa bits; 0x7f is 0.
PK_BODY float pk_half_from_ue4m3(uint32_t byte) {
  const uint32_t exponent = byte >> 3 & 15u, mantissa = byte & 7u;
  const float subnormal = (float)(int32_t)mantissa * 0x1p-10f;
  const float normal = pk_float((exponent + 119u) << 23 | mantissa << 20);
  const float half = exponent == 0 ? subnormal : normal;
  return byte == 0x7f ? 0.0f : half;
}

#endif
