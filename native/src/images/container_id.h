// The container of a process, by the path of its cgroup.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasprey {

struct ContainerId {
  /** docker, containerd, cri-o, podman, lxc, ...; empty if the path does not show it. */
  std::string_view type;
  /** Points into the cgroup path. */
  std::string_view full_id;
};

/**
 * The innermost container that a cgroup path names, on cgroup v1 and v2, with and without systemd. Nothing for a host
 * process.
 */
std::optional<ContainerId> ContainerIdOf(std::string_view cgroup);

/**
 * The path of the outermost container that a cgroup path names, whichever process made the cgroups below it; empty for
 * a host process.
 */
std::string_view OutermostContainerOf(std::string_view cgroup);

/** Whether an id is 64 hexadecimal digits: random ones, which no other container has. */
bool IsHash(std::string_view id);

/** container.id: the first 12 characters of a hash, any other name whole. */
std::string_view ShortContainerId(std::string_view full_id);

/** Containers of plain runc: their cgroups have free names, so its state directories are checked. */
class RuncStates {
 public:
  RuncStates();
  explicit RuncStates(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  /** The innermost component of the path with a state of runc. Costs a system call for each component. */
  std::optional<ContainerId> Find(std::string_view cgroup) const;

 private:
  std::vector<std::string> roots_;
};

}  // namespace wasprey
