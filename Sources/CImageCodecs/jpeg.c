// SPDX-License-Identifier: Apache-2.0

#include "image_codecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

// Progressive files may hold any number of scans, each as costly as the whole image. Encoders write
// about ten.
enum { MAXIMUM_SCANS = 500 };

typedef struct {
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_source_mgr source;
  char *message;
  jmp_buf escape;
} decoder_t;

static void fail(j_common_ptr jpeg) {
  decoder_t *decoder = jpeg->client_data;
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  snprintf(decoder->message, IC_MESSAGE_CAPACITY, "%s", text);
  longjmp(decoder->escape, 1);
}

static void fail_with(j_common_ptr jpeg, const char *reason) {
  decoder_t *decoder = jpeg->client_data;
  snprintf(decoder->message, IC_MESSAGE_CAPACITY, "%s", reason);
  longjmp(decoder->escape, 1);
}

static void ignore_warning(j_common_ptr jpeg, int level) {
  (void)level;
  (void)jpeg;
}

static void ignore_message(j_common_ptr jpeg) { (void)jpeg; }

static void start(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean refill(j_decompress_ptr jpeg) {
  fail_with((j_common_ptr)jpeg, "the data ends early");
  return FALSE;
}

static void skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if ((size_t)count > jpeg->src->bytes_in_buffer)
    fail_with((j_common_ptr)jpeg, "the data ends early");
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void watch(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number > MAXIMUM_SCANS)
    fail_with(jpeg, "more than 500 scans");
}

// Prepares a decoder whose errors go to decoder->escape, which the caller sets first.
static void open_decoder(
    struct jpeg_decompress_struct *jpeg, decoder_t *decoder, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(jpeg);
  decoder->progress.progress_monitor = watch;
  jpeg->progress = &decoder->progress;
  decoder->source.init_source = start;
  decoder->source.term_source = start;
  decoder->source.fill_input_buffer = refill;
  decoder->source.skip_input_data = skip;
  decoder->source.resync_to_restart = jpeg_resync_to_restart;
  decoder->source.next_input_byte = bytes;
  decoder->source.bytes_in_buffer = count;
  jpeg->src = &decoder->source;
  jpeg_read_header(jpeg, TRUE);
}

static void set_errors(
    struct jpeg_decompress_struct *jpeg, decoder_t *decoder, char *message) {
  memset(jpeg, 0, sizeof *jpeg);
  memset(decoder, 0, sizeof *decoder);
  decoder->message = message;
  jpeg->err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = fail;
  decoder->errors.emit_message = ignore_warning;
  decoder->errors.output_message = ignore_message;
  jpeg->client_data = decoder;
}

int ic_jpeg_header(
    const uint8_t *bytes, size_t count, ic_jpeg_header_t *header,
    char message[IC_MESSAGE_CAPACITY]) {
  struct jpeg_decompress_struct jpeg;
  decoder_t decoder;
  set_errors(&jpeg, &decoder, message);
  if (setjmp(decoder.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return 1;
  }
  open_decoder(&jpeg, &decoder, bytes, count);
  header->width = jpeg.image_width;
  header->height = jpeg.image_height;
  header->components = (uint32_t)jpeg.num_components;
  header->arithmetic = jpeg.arith_code ? 1 : 0;
  jpeg_destroy_decompress(&jpeg);
  return 0;
}

int ic_jpeg_samples(
    const uint8_t *bytes, size_t count, uint8_t *samples, size_t capacity,
    char message[IC_MESSAGE_CAPACITY]) {
  struct jpeg_decompress_struct jpeg;
  decoder_t decoder;
  set_errors(&jpeg, &decoder, message);
  if (setjmp(decoder.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return 1;
  }
  open_decoder(&jpeg, &decoder, bytes, count);
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  size_t rowBytes = (size_t)jpeg.output_width * (size_t)jpeg.output_components;
  size_t height = jpeg.output_height;
  if (height == 0 || capacity / height != rowBytes || capacity % height != 0)
    fail_with((j_common_ptr)&jpeg, "the size changed while reading");
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = samples + (size_t)jpeg.output_scanline * rowBytes;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  // Reads on to the end marker, so that a file cut within its last bytes is noticed too.
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return 0;
}
