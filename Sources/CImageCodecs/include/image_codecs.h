// SPDX-License-Identifier: Apache-2.0

// Decoding of PNG and JPEG from memory, on libpng and libjpeg. Both report errors with longjmp,
// which must not cross frames of another language: it begins and ends in this target.
//
// Every function takes the whole file, keeps nothing, and returns 0, or nonzero with a message of
// one phrase. The sizes that a file claims are the caller's to check before it allocates.

#ifndef IMAGE_CODECS_H
#define IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

enum { IC_MESSAGE_CAPACITY = 200 };

typedef struct {
  uint32_t width;
  uint32_t height;
  // Bits a sample: 1, 2, 4, 8 or 16.
  uint32_t bit_depth;
  // As in the file: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  uint32_t color_type;
  // Samples a pixel.
  uint32_t channels;
} ic_png_header_t;

typedef struct {
  uint32_t width;
  uint32_t height;
  // Components in the file: 1 grey, 3 colour, 4 CMYK or YCCK.
  uint32_t components;
  // Nonzero when arithmetic coding is used instead of Huffman codes.
  uint32_t arithmetic;
} ic_jpeg_header_t;

// Reads what stands before the pixels.
int ic_png_header(
    const uint8_t *bytes, size_t count, ic_png_header_t *header, char message[IC_MESSAGE_CAPACITY]);

// Decodes the samples as stored, row by row without padding: one byte a sample below 16 bits (not
// scaled, so 0 or 1 for one bit), two big-endian bytes at 16. `capacity` must be the exact size.
// `palette` receives the 256 RGB entries of a palette image, zero where the file gives none.
int ic_png_samples(
    const uint8_t *bytes, size_t count, uint8_t *samples, size_t capacity, uint8_t palette[768],
    char message[IC_MESSAGE_CAPACITY]);

// Reads what stands before the first scan.
int ic_jpeg_header(
    const uint8_t *bytes, size_t count, ic_jpeg_header_t *header,
    char message[IC_MESSAGE_CAPACITY]);

// Decodes one or three components to grey or RGB bytes without padding. `capacity` must be the
// exact size. A file that ends before its end marker is an error.
int ic_jpeg_samples(
    const uint8_t *bytes, size_t count, uint8_t *samples, size_t capacity,
    char message[IC_MESSAGE_CAPACITY]);

#endif
