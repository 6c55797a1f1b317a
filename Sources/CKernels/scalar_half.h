// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_SCALAR_HALF_H
#define PARE_SCALAR_HALF_H

#include <string.h>

#include "stamp.h"

// Conversions of single numbers in integer arithmetic, so that they vectorise on every instruction
// set and keep NaN payloads alike.

PK_BODY uint32_t pk_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

PK_BODY float pk_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

PK_BODY uint16_t pk_load16(const uint8_t *stored) {
  return (uint16_t)(stored[0] | stored[1] << 8);
}

PK_BODY void pk_store16(uint8_t *stored, uint16_t bits) {
  stored[0] = (uint8_t)bits;
  stored[1] = (uint8_t)(bits >> 8);
}

PK_BODY float pk_float_from_half(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu, sign = (uint32_t)(half & 0x8000u) << 16;
  // Subnormals count in units of 2^-24.
  const uint32_t subnormal = pk_bits((float)(int32_t)magnitude * 0x1p-24f);
  const uint32_t normal = (magnitude << 13) + (112u << 23);
  const uint32_t special = (magnitude << 13) | 0x7f800000u;
  const uint32_t bits = magnitude < 0x400u ? subnormal : magnitude < 0x7c00u ? normal : special;
  return pk_float(bits | sign);
}

PK_BODY uint16_t pk_half_from_float(float value) {
  const uint32_t bits = pk_bits(value), magnitude = bits & 0x7fffffffu;
  // Adding 0.5 leaves a mantissa whose last bit is worth 2^-24, the subnormals' unit.
  const float small = magnitude < 0x38800000u ? pk_float(magnitude) : 0.0f;
  const uint32_t subnormal = pk_bits(small + 0.5f) - 0x3f000000u;
  const uint32_t normal = (magnitude - (112u << 23) + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  const uint32_t nan = 0x7e00u | (magnitude >> 13 & 0x3ffu);
  const uint32_t half = magnitude < 0x38800000u   ? subnormal
                        : magnitude < 0x477ff000u ? normal
                        : magnitude <= 0x7f800000u ? 0x7c00u
                                                   : nan;
  return (uint16_t)(half | (bits >> 16 & 0x8000u));
}

PK_BODY uint16_t pk_bfloat_from_float(float value) {
  const uint32_t bits = pk_bits(value);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  const uint32_t nan = bits >> 16 | 0x40u;
  return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}

#endif
