// Most paths that processes pass are absolute and clean already, so that check comes first and reads 16 bytes at a
// time.

#include "completing/lexical_path.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace wasprey {
namespace {

using Bytes16 = uint8_t __attribute__((vector_size(16)));

Bytes16 Load16(const char* from) {
  Bytes16 bytes;
  memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

bool AnyByte(Bytes16 mask) {
  uint64_t halves[2];
  memcpy(halves, &mask, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

/** A slash followed by a slash or a dot: the only places where something may have to be removed. */
bool HasSuspect(const char* from) {
  const Bytes16 here = Load16(from);
  const Bytes16 next = Load16(from + 1);
  return AnyByte((here == '/') & ((next == '/') | (next == '.')));
}

/** Component by component: `/.cache` is clean, `/.` is not. */
bool ComponentsAreClean(std::string_view path) {
  size_t start = 1;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view component = path.substr(start, end - start);
    if (component.empty() || component == "." || component == "..") return false;
    start = end + 1;
  }
  return true;
}

}  // namespace

bool IsCleanAbsolute(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  if (path.size() == 1) return true;
  if (path.back() == '/') return false;
  size_t at = 0;
  for (; at + 17 <= path.size(); at += 16) {
    if (HasSuspect(path.data() + at)) return ComponentsAreClean(path);
  }
  if (path.size() >= 17) return !HasSuspect(path.data() + path.size() - 17) || ComponentsAreClean(path);
  char padded[17] = {};
  memcpy(padded, path.data(), path.size());
  return !HasSuspect(padded) || ComponentsAreClean(path);
}

size_t LexicalPath(char* out, std::string_view directory, std::string_view path) {
  char* end = out;
  // `..` never goes above this.
  char* floor = out;
  const bool absolute = !path.empty() && path.front() == '/';
  if (!absolute) {
    if (directory.empty()) {
      end = static_cast<char*>(mempcpy(end, kUnknownDirectory.data(), kUnknownDirectory.size()));
      floor = end;
    } else if (directory != "/") {
      end = static_cast<char*>(mempcpy(end, directory.data(), directory.size()));
    }
  }
  size_t position = 0;
  while (position < path.size()) {
    const size_t stop = std::min(path.find('/', position), path.size());
    const std::string_view component = path.substr(position, stop - position);
    position = stop + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      while (end > floor && *--end != '/') {
      }
      continue;
    }
    // After the marker of an unknown directory the name follows without a slash, as Falco has it.
    if (!(end == floor && floor != out)) *end++ = '/';
    end = static_cast<char*>(mempcpy(end, component.data(), component.size()));
  }
  if (end == out) *end++ = '/';
  return static_cast<size_t>(end - out);
}

size_t PathElsewhere(char* out, std::string_view base, std::string_view start, std::string_view path,
                     std::string_view name) {
  const bool is_known = !start.empty() || path.starts_with('/');
  if (start == "/") start = {};
  if (!is_known || !base.ends_with(start) || !name.starts_with('/')) return LexicalPath(out, base, path);
  base.remove_suffix(start.size());
  if (base.ends_with('/')) base.remove_suffix(1);
  if (name == "/" && !base.empty()) name = {};
  char* end = static_cast<char*>(mempcpy(out, base.data(), base.size()));
  end = static_cast<char*>(mempcpy(end, name.data(), name.size()));
  return static_cast<size_t>(end - out);
}

}  // namespace wasprey
