// Reading /etc/passwd and /etc/group below the root of a process that may be hostile.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "images/name_table.h"

namespace wasprey {

using SharedNameTable = std::shared_ptr<const NameTable>;

/** Null: there is no such file, or none that is read. */
struct NameFiles {
  SharedNameTable passwd;
  SharedNameTable group;
  /** One of them has more bytes than are read. None of its names are known then, rather than some. */
  bool too_large = false;
};

/** Identifies the root directory of a process. */
struct RootId {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const RootId&) const = default;
};

/** Empty if the process does not exist (any more). Does not wait for the file system. */
std::optional<RootId> RootIdOf(const std::string& root);

/** The root directory as process `pid` sees it; 0 = the host's. */
std::string RootOf(uint32_t pid);

/** Reads both files of the host, but those that are `known`, of which some may be null. Nothing if its root can't be
 * opened. There is no time limit. */
std::optional<NameFiles> ReadNameFilesOfHost(std::vector<SharedNameTable> known);

/**
 * The same below `root`, a container's. Nothing if it takes longer than `patience`, or the root does not exist (any
 * more).
 */
std::optional<NameFiles> ReadNameFiles(const std::string& root, std::vector<SharedNameTable> known,
                                       std::chrono::milliseconds patience);

}  // namespace wasprey
