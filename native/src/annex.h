// The text of a process image: the kernel's strings and those that user space derives (the annex), in one block that
// images of the same process share as long as nothing in it changes.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel_layout.h"
#include "optional_text.h"
#include "users.h"

namespace wasprey {

/** The source of an image's text. */
struct ImageText {
  OptionalText executable;
  OptionalText argv;
  OptionalText environment;
  OptionalText cwd;
  OptionalText cgroup;
  OptionalText stream;
  OptionalText stream_name;
  std::string_view comm;
  Users::Names names;
};

/** comm_bytes up to its NUL. */
std::string_view CommOf(const image& process);

/** Bytes that WriteImageText() needs for this text. */
uint32_t ImageTextSize(const ImageText& text);

/**
 * Writes the text to `block`, which lies `distance` bytes (mod 2^32) behind the image in the sandbox's memory, and sets
 * the image's strings to it.
 */
void WriteImageText(const ImageText& text, char* block, uint32_t distance, image* process);

/** Sets the strings of `process`, which has the same text as `model`, `distance` bytes (mod 2^32) before it. */
void ShareImageText(const image& model, uint32_t distance, image* process);

}  // namespace wasprey
