// The text of a process image: the kernel's strings and those that user space derives (the annex), in one block that
// images with the same text share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "images/optional_text.h"
#include "images/users.h"
#include "records/kernel_layout.h"

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

/** A string that a record may lack. */
inline OptionalText StringIn(const void* record, const string_ref& text) {
  return {text.offset != 0, StringOf(record, text)};
}

/** An image's text in which each string is cut to some hundred bytes, and which has no environment. Arguments that are
 * cut end without a NUL. */
class CutImageText {
 public:
  explicit CutImageText(const ImageText& whole);
  CutImageText(const CutImageText&) = delete;
  const ImageText& text() const { return text_; }

 private:
  std::string executable_, argv_, cwd_, cgroup_;
  ImageText text_;
};

/**
 * Writes the text to `bytes` and sets the image's strings to it, as if it lay `distance` bytes (mod 2^32) behind the
 * image in the sandbox's memory. The lengths follow, so that texts of the same bytes are the same.
 */
void WriteImageText(const ImageText& text, uint32_t distance, std::string* bytes, image* process);

/** Sets the strings of `process`, which has the same text as `model`, `distance` bytes (mod 2^32) before it. */
void ShareImageText(const image& model, uint32_t distance, image* process);

}  // namespace wasprey
