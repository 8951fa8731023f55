// Absolute paths by their text alone, without asking the file system: Falco's fd.name.
#pragma once

#include <cstddef>
#include <string_view>

namespace wasprey {

/** Whether `path` is absolute and has no empty, `.` or `..` component and no trailing slash: then it is its own name.
 */
bool IsCleanAbsolute(std::string_view path);

/** The marker of an unknown directory, as Falco prints it: `<UNKNOWN>name`. */
inline constexpr std::string_view kUnknownDirectory = "<UNKNOWN>";

/**
 * Joins `directory` and `path` (or takes an absolute `path` alone) and removes `.`, `..`, empty components and the
 * trailing slash. `directory` is taken as it is: it comes from the kernel; empty = not known. Bytes are kept as they
 * are. Returns the length written to `out`, which must hold MaxLexicalLength().
 */
size_t LexicalPath(char* out, std::string_view directory, std::string_view path);

inline size_t MaxLexicalLength(std::string_view directory, std::string_view path) {
  return directory.size() + path.size() + kUnknownDirectory.size() + 2;
}

/**
 * The name of a path from another path of what it starts from: `start` is that as the process sees it (empty for its
 * root), `base` the other one, `name` the path's name so far. If both end alike, what is before that is another path of
 * the process's root, which `..` does not leave. Returns the length written to `out`, which must hold
 * MaxLengthElsewhere().
 */
size_t PathElsewhere(char* out, std::string_view base, std::string_view start, std::string_view path,
                     std::string_view name);

inline size_t MaxLengthElsewhere(std::string_view base, std::string_view path, std::string_view name) {
  return MaxLexicalLength(base, path) + name.size();
}

}  // namespace wasprey
