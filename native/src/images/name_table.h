// A passwd or group file, by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "images/optional_text.h"

namespace wasprey {

/** Identifies a version of a file, whatever its name. The time of the last change can't be set by who owns it. */
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t mtime_s = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_s = 0;
  int64_t ctime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

/** Long fields are cut. */
struct NameLine {
  std::string_view name;
  /** Of a user; both are absent from a line that ends before its last field, the shell. */
  OptionalText home;
  OptionalText shell;
};

/**
 * The `name:x:number:` lines of a file. The first line of a number wins; other lines are skipped. It is the text and
 * where its lines are: a hostile file has very many lines.
 */
class NameTable {
 public:
  NameTable(const FileStamp& stamp, std::string text);

  const FileStamp& stamp() const { return stamp_; }
  /** The line of a number, valid as long as the table. */
  std::optional<NameLine> Find(uint32_t number) const;
  /** What it takes of memory. */
  size_t bytes() const { return sizeof *this + text_.capacity() + lines_.capacity() * sizeof(Line); }

  struct Line {
    uint32_t number;
    /** Where it begins in the text. */
    uint32_t from;
    auto operator<=>(const Line&) const = default;
  };
  /** By number. */
  std::span<const Line> lines() const { return lines_; }

 private:
  FileStamp stamp_;
  std::string text_;
  std::vector<Line> lines_;
};

}  // namespace wasprey
