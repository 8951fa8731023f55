// Cgroup paths as the runtimes make them. `<64>` is a hash of 64 hexadecimal digits.
//
// clang-format off
//   docker       /docker/<64>   /system.slice/docker-<64>.scope   /system.slice:docker:<64> (one component)   /moby/<64>
//   containerd   .../cri-containerd-<64>.scope   ...slice:cri-containerd:<64>   /k8s.io/<id>   /default/<id>   nerdctl-<64>
//   CRI-O        .../crio-<64>[.scope]   ...slice:crio:<64>             (crio-conmon-<64> is the monitor, on the host)
//   podman       .../libpod-<64>.scope[/container]   /libpod_parent/libpod-<64>       (libpod-conmon-<64>: the monitor)
//   Kubernetes   /kubepods/burstable/pod<uid>/<64>: the path does not show the runtime
//   LXC          /lxc/<name>   /lxc.payload/<name>   /lxc.payload.<name>                  (lxc.monitor is on the host)
//   others       /ecs/<task>/<id>   /machine.slice/machine-<name>.scope/payload   runc-<id>.scope
// clang-format on

#include "images/container_id.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace wasprey {

bool IsHash(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

namespace {

struct Prefix {
  std::string_view text;
  std::string_view type;
};

/** Prefixes of a hash, with `-` (scopes, CRI-O's cgroups) or as the middle of slice:NAME:hash. */
constexpr Prefix kPrefixes[] = {
    {"docker", "docker"},
    {"cri-containerd", "containerd"},
    {"containerd", "containerd"},
    {"nerdctl", "containerd"},
    {"crio", "cri-o"},
    {"libpod", "podman"},
    {"podman", "podman"},
};

/** Parents below which a hash is a container of a known runtime. */
constexpr Prefix kParents[] = {
    {"docker", "docker"},     {"moby", "docker"},          {"actions_job", "docker"},
    {"k8s.io", "containerd"}, {"libpod_parent", "podman"},
};

std::string_view WithoutSuffix(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

/** `docker-<64>` and `x.slice:docker:<64>`, with the prefix table's type. */
std::optional<ContainerId> ByPrefix(std::string_view name) {
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view id = name.substr(colon + 1);
    const std::string_view before = name.substr(0, colon);
    const std::string_view runtime = before.substr(before.rfind(':') + 1);
    for (const Prefix& prefix : kPrefixes) {
      if (runtime == prefix.text && IsHash(id)) return ContainerId{prefix.type, id};
    }
    return std::nullopt;
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!name.starts_with(prefix.text) || name.size() != prefix.text.size() + 65) continue;
    const std::string_view id = name.substr(prefix.text.size() + 1);
    if (name[prefix.text.size()] == '-' && IsHash(id)) return ContainerId{prefix.type, id};
  }
  return std::nullopt;
}

/** Names other than hashes: `path` is the path before the component, `parent` its last component. */
std::optional<ContainerId> ByParent(std::string_view name, std::string_view parent, std::string_view path) {
  if (IsHash(name)) {
    for (const Prefix& known : kParents) {
      if (parent == known.text) return ContainerId{known.type, name};
    }
    return ContainerId{"", name};
  }
  if (parent == "k8s.io" || (parent == "default" && path == "/default")) return ContainerId{"containerd", name};
  if (parent == "lxc" || parent == "lxc.payload") return ContainerId{"lxc", name};
  if (name.starts_with("lxc.payload.")) return ContainerId{"lxc", name.substr(12)};
  if (path.substr(0, path.size() - parent.size()).ends_with("/ecs/")) return ContainerId{"", name};
  return std::nullopt;
}

/** systemd's machine scopes: systemd-nspawn and libvirt-lxc, but not virtual machines; below nspawn, only the payload.
 */
std::optional<ContainerId> ByMachine(std::string_view name, std::string_view below) {
  if (below == "supervisor") return std::nullopt;
  if (name.starts_with("machine-") && name.ends_with(".scope")) {
    const std::string_view machine = WithoutSuffix(name.substr(8), ".scope");
    if (machine.starts_with("qemu")) return std::nullopt;
    return ContainerId{machine.starts_with("lxc\\x2d") ? "libvirt_lxc" : "systemd-nspawn", machine};
  }
  if (name.starts_with("systemd-nspawn@") && name.ends_with(".service") && below == "payload") {
    return ContainerId{"systemd-nspawn", WithoutSuffix(name.substr(15), ".service")};
  }
  return std::nullopt;
}

/** The container that a component of a path names, by what is before it and the component below. */
std::optional<ContainerId> ByComponent(std::string_view path, std::string_view component, std::string_view below) {
  const std::string_view parent = path.substr(path.rfind('/') + 1);
  const std::string_view name = WithoutSuffix(component, ".scope");
  if (!name.empty()) {
    if (auto found = ByPrefix(name)) return found;
    if (name.size() > 5 && name.size() < component.size() && name.starts_with("runc-")) {
      return ContainerId{"runc", name.substr(5)};
    }
    if (!path.empty()) {
      if (auto found = ByParent(name, parent, path)) return found;
    } else if (IsHash(name)) {
      return ContainerId{"", name};
    } else if (name.size() > 12 && name.starts_with("lxc.payload.")) {
      return ContainerId{"lxc", name.substr(12)};
    }
    if (auto found = ByMachine(component, below)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ContainerId> ContainerIdOf(std::string_view cgroup) {
  std::string_view rest = cgroup;
  std::string_view below;
  while (rest.size() > 1) {
    const size_t slash = rest.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view component = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (auto found = ByComponent(rest, component, below)) return found;
    below = component;
  }
  return std::nullopt;
}

std::string_view OutermostContainerOf(std::string_view cgroup) {
  size_t slash = cgroup.find('/');
  while (slash != std::string_view::npos) {
    const size_t end = std::min(cgroup.find('/', slash + 1), cgroup.size());
    const std::string_view rest = cgroup.substr(std::min(end + 1, cgroup.size()));
    const std::string_view component = cgroup.substr(slash + 1, end - slash - 1);
    if (ByComponent(cgroup.substr(0, slash), component, rest.substr(0, rest.find('/')))) return cgroup.substr(0, end);
    slash = end < cgroup.size() ? end : std::string_view::npos;
  }
  return {};
}

std::string_view ShortContainerId(std::string_view full_id) {
  return IsHash(full_id) ? full_id.substr(0, 12) : full_id;
}

RuncStates::RuncStates() {
  // In a container with the host's pid namespace, /proc/1/root is the host's root.
  const std::string host = access("/proc/1/root/run", X_OK) == 0 ? "/proc/1/root" : "";
  roots_.push_back(host + "/run/runc");
  const char* runtime_directory = getenv("XDG_RUNTIME_DIR");
  if (runtime_directory != nullptr && runtime_directory[0] == '/') {
    roots_.push_back(host + runtime_directory + "/runc");
  }
}

std::optional<ContainerId> RuncStates::Find(std::string_view cgroup) const {
  std::string_view rest = cgroup;
  while (rest.size() > 1) {
    const size_t slash = rest.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (name.empty() || name == "." || name == "..") continue;
    for (const std::string& root : roots_) {
      std::string state = root;
      state.append("/").append(name).append("/state.json");
      if (access(state.c_str(), F_OK) == 0) return ContainerId{"runc", name};
    }
  }
  return std::nullopt;
}

}  // namespace wasprey
