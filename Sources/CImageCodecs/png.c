// SPDX-License-Identifier: Apache-2.0

#include "image_codecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  char *message;
  jmp_buf escape;
} source_t;

static void fail(png_structp png, png_const_charp reason) {
  source_t *source = png_get_error_ptr(png);
  snprintf(source->message, IC_MESSAGE_CAPACITY, "%s", reason);
  longjmp(source->escape, 1);
}

static void ignore(png_structp png, png_const_charp reason) {
  (void)png;
  (void)reason;
}

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
  source_t *source = png_get_io_ptr(png);
  if (count > source->count - source->position) fail(png, "the data ends early");
  memcpy(destination, source->bytes + source->position, count);
  source->position += count;
}

// Creates a reader whose errors go to source->escape, which the caller sets first.
static png_structp reader(source_t *source, png_infop *info) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, source, fail, ignore);
  if (!png) return NULL;
  *info = png_create_info_struct(png);
  if (!*info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return NULL;
  }
  png_set_read_fn(png, source, read_bytes);
  // The caller's own bounds come before any allocation; these are only libpng's switches.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  // Text, profiles and the like cannot change the pixels: they are skipped, never unpacked.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  return png;
}

int ic_png_header(
    const uint8_t *bytes, size_t count, ic_png_header_t *header,
    char message[IC_MESSAGE_CAPACITY]) {
  source_t source = {.bytes = bytes, .count = count, .message = message};
  png_structp volatile png = NULL;
  png_infop info = NULL;
  snprintf(message, IC_MESSAGE_CAPACITY, "not enough memory");
  if (setjmp(source.escape)) {
    png_structp doomed = png;
    png_destroy_read_struct(&doomed, &info, NULL);
    return 1;
  }
  png = reader(&source, &info);
  if (!png) return 1;
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->color_type = png_get_color_type(png, info);
  header->channels = png_get_channels(png, info);
  png_structp done = png;
  png_destroy_read_struct(&done, &info, NULL);
  return 0;
}

int ic_png_samples(
    const uint8_t *bytes, size_t count, uint8_t *samples, size_t capacity, uint8_t palette[768],
    char message[IC_MESSAGE_CAPACITY]) {
  source_t source = {.bytes = bytes, .count = count, .message = message};
  png_structp volatile png = NULL;
  png_infop info = NULL;
  snprintf(message, IC_MESSAGE_CAPACITY, "not enough memory");
  if (setjmp(source.escape)) {
    png_structp doomed = png;
    png_destroy_read_struct(&doomed, &info, NULL);
    return 1;
  }
  png = reader(&source, &info);
  if (!png) return 1;
  png_read_info(png, info);
  memset(palette, 0, 768);
  png_colorp colors = NULL;
  int colorCount = 0;
  if (png_get_PLTE(png, info, &colors, &colorCount)) {
    for (int i = 0; i < colorCount && i < 256; i++) {
      palette[3 * i] = colors[i].red;
      palette[3 * i + 1] = colors[i].green;
      palette[3 * i + 2] = colors[i].blue;
    }
  }
  png_set_packing(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t height = png_get_image_height(png, info);
  size_t rowBytes = png_get_rowbytes(png, info);
  if (height == 0 || capacity / height != rowBytes || capacity % height != 0)
    fail(png, "the size changed while reading");
  for (int pass = 0; pass < passes; pass++)
    for (size_t row = 0; row < height; row++) png_read_row(png, samples + row * rowBytes, NULL);
  png_structp done = png;
  png_destroy_read_struct(&done, &info, NULL);
  return 0;
}
