// The passwd and group files of the host and of each container, as long as they are needed, in bounded memory and time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "images/name_files.h"
#include "system/time_share.h"

namespace wasprey {

/** What the files of all containers may take, and those of each. Those of usual images take 6 KB. */
struct NameLimits {
  size_t bytes = 16 << 20;
  /** More than both files of one root, however large. */
  size_t bytes_of_container = 1 << 20;
  size_t roots_of_container = 256;
  /** Saved up to look at files: 400 containers at the agent's start. */
  uint64_t most_ns = 400'000'000;
  uint64_t most_ns_of_container = 50'000'000;
  /** How long a look may take. */
  std::chrono::milliseconds patience{20};
};

class NameDatabases {
 public:
  explicit NameDatabases(const NameLimits& limits = {}) : limits_(limits), time_(kParts, limits.most_ns) {}

  /** Files are looked at every two seconds at most. Valid until the next call. */
  const NameFiles& OfHost();
  /**
   * Of a process of a container, `container` being any number that stands for it, by the path of the root that the
   * process has. What takes too long is given up: what a container mounts there may hang.
   */
  const NameFiles& OfContainer(uint32_t container, const std::string& root);

  /** The container is gone, or its number was reused. */
  void Forget(uint32_t container);

  /** How often files were asked for that were not read: too large, or it would have taken too long. */
  uint64_t unread() const { return unread_; }
  /** What is kept of containers. */
  size_t bytes() const { return bytes_; }
  size_t roots() const;

 private:
  /** A tenth of the time may be spent on all containers, a fiftieth on each. */
  static constexpr uint64_t kParts = 10;
  static constexpr uint64_t kPartsOfContainer = 50;

  struct Database {
    NameFiles files;
    bool is_known = false;
    uint64_t next_look = 0;
  };

  /**
   * A container's files are known by the root directory: a runtime's process is in the container's cgroup before it has
   * the container's root, and a process may change its root. Roots with the same file, by hard links or mounts, share
   * it. Containers do not: who serves a file system of his own can give its files any stamp.
   */
  struct Container {
    explicit Container(const NameLimits& limits) : time(kPartsOfContainer, limits.most_ns_of_container) {}

    /** Each once. */
    std::vector<SharedNameTable> Tables() const;
    size_t Bytes() const;

    std::map<RootId, Database> roots;
    /** The last known one, for a process that has exited. */
    RootId last_root;
    TimeShare time;
    /** Bytes() when it was last looked at. */
    size_t bytes = 0;
  };

  void Look(const Container& container, const std::string& root, Database* database) const;
  void Bound(Container* container, const RootId& root);
  void Recount(Container* container);

  NameLimits limits_;
  Database host_;
  std::unordered_map<uint32_t, Container> containers_;
  TimeShare time_;
  /** What was shown last: it may not be kept. */
  NameFiles shown_;
  size_t bytes_ = 0;
  uint64_t unread_ = 0;
};

}  // namespace wasprey
