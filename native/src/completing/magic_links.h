// Links of procfs that lead a process to a root or its own current directory, in the paths of calls that leave no open
// file behind: the kernel's own idea of such a path is gone when the call returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wasprey {

/** Targets of a process's links, besides its root. */
struct MagicLinks {
  /** Empty: unknown. */
  std::string_view current_directory;
  /** As procfs has it in the process's own pid namespace. */
  uint32_t pid;
};

/** Whether a path in a directory may contain one. Fast, with false positives. */
bool MayHaveMagicLinks(std::string_view directory, std::string_view path);

/**
 * As LexicalPath(), but `/proc/self/root` and `/proc/self/cwd`, also by number, of a thread, or `thread-self`, become
 * their targets. The root of another process is taken for the own one: a file below it has the name that it has for
 * that process, as when it is opened. 0 if a target is unknown. `out` must hold MaxLengthBehind().
 */
size_t PathBehindMagicLinks(char* out, std::string_view directory, std::string_view path, const MagicLinks& links);

inline size_t MaxLengthBehind(std::string_view directory, std::string_view path, const MagicLinks& links) {
  return directory.size() + path.size() + links.current_directory.size() + 2;
}

}  // namespace wasprey
