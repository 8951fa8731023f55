#include "images/name_table.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace wasprey {
namespace {

/** useradd lets a name have 256 bytes. */
constexpr size_t kLongestName = 256;

/** Each image of the user has a copy of both, and a container can write anything there. */
constexpr size_t kLongestPath = 1024;

/** The text before the next colon, which is taken off `line` with it. Nothing when there is no colon. */
std::optional<std::string_view> TakeField(std::string_view* line) {
  const size_t colon = line->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view field = line->substr(0, colon);
  line->remove_prefix(colon + 1);
  return field;
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

/** The number of a `name:x:number:` line. */
std::optional<uint32_t> NumberOf(std::string_view line) {
  const auto name = TakeField(&line);
  TakeField(&line);  // the password
  const auto number = TakeField(&line);
  if (!name || name->empty() || !number) return std::nullopt;
  const char* const end = number->data() + number->size();
  uint32_t value = 0;
  const auto [stop, error] = std::from_chars(number->data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

NameTable::NameTable(const FileStamp& stamp, std::string text) : stamp_(stamp), text_(std::move(text)) {
  for (size_t from = 0; from < text_.size();) {
    const std::string_view line = FirstLine(std::string_view(text_).substr(from));
    if (const auto number = NumberOf(line)) lines_.push_back({*number, static_cast<uint32_t>(from)});
    from += line.size() + 1;
  }
  std::sort(lines_.begin(), lines_.end());
  const auto same = [](const Line& one, const Line& other) { return one.number == other.number; };
  lines_.erase(std::unique(lines_.begin(), lines_.end(), same), lines_.end());
  lines_.shrink_to_fit();
}

std::optional<NameLine> NameTable::Find(uint32_t number) const {
  const auto found = std::lower_bound(lines_.begin(), lines_.end(), Line{number, 0});
  if (found == lines_.end() || found->number != number) return std::nullopt;
  std::string_view rest = FirstLine(std::string_view(text_).substr(found->from));
  NameLine line;
  line.name = TakeField(&rest).value_or("").substr(0, kLongestName);
  TakeField(&rest);  // the password
  TakeField(&rest);  // the number
  TakeField(&rest);  // the group
  TakeField(&rest);  // the comment
  if (const auto home = TakeField(&rest)) {
    // The shell is all that is left, with its colons, as getpwent(3) reads it.
    line.home = {true, home->substr(0, kLongestPath)};
    line.shell = {true, rest.substr(0, kLongestPath)};
  }
  return line;
}

}  // namespace wasprey
