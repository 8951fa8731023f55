// Names of users and groups, from the passwd and group files of the host and of each container.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "name_files.h"

namespace wasprey {

/** What stands for a name that is not known, as Falco prints it: a present string. */
inline constexpr std::string_view kNoName = "<NA>";

using NamesById = std::unordered_map<uint32_t, std::string>;

/** The `name:x:number:` lines of a passwd or group file. The first line of a number wins; other lines are skipped. */
NamesById ParseNames(std::string_view file);

class Users {
 public:
  /** Valid until the next call. */
  struct Names {
    std::string_view user;
    std::string_view group;
    std::string_view login;
  };

  /**
   * Names for a process of a container, `container` being any number that stands for it (0 = host) and `pid` a live
   * process in it. Files are looked at every two seconds at most, and never for longer than 20 ms: what a container
   * mounts there may hang.
   */
  Names Lookup(uint32_t container, uint32_t pid, uint32_t uid, uint32_t gid, uint32_t login_uid);

  /** The container is gone, or its number stands for another one now. */
  void Forget(uint32_t container) { databases_.erase(container); }

 private:
  struct Database {
    FileStamp passwd_stamp;
    FileStamp group_stamp;
    NamesById users;
    NamesById groups;
    std::chrono::steady_clock::time_point next_look{};
  };

  const Database& Fresh(uint32_t container, uint32_t pid);

  std::unordered_map<uint32_t, Database> databases_;
};

}  // namespace wasprey
