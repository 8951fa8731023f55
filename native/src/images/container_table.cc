// Entries are written by the addon when a container is first seen, and by the host program when it knows more.

#include "images/container_table.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

namespace wasprey {
namespace {

/** How long an entry outlives its last process: a container may be between two processes. */
constexpr uint64_t kKeepEmptyNs = 30'000'000'000;

/** Inode of a namespace of the host: of init, or, if init is not accessible, of the agent. */
uint32_t HostNamespace(const std::string& name) {
  struct stat facts{};
  const bool found =
      stat(("/proc/1/ns/" + name).c_str(), &facts) == 0 || stat(("/proc/self/ns/" + name).c_str(), &facts) == 0;
  return found ? static_cast<uint32_t>(facts.st_ino) : 0;
}

/** The strings of struct container lie one after the other, from `id` on. */
constexpr size_t kStringCount = (sizeof(container) - offsetof(container, id)) / sizeof(string_ref);

/** The path of a container's cgroup up to its id, which may be there again; empty if the id is not from that path. */
std::string_view HomeOf(const ContainerId& id, std::string_view cgroup) {
  for (size_t at = 0; (at = cgroup.find(id.full_id, at)) != std::string_view::npos; at++) {
    if (cgroup.data() + at == id.full_id.data()) return cgroup.substr(0, at + id.full_id.size());
  }
  return {};
}

string_ref Append(std::string* bytes, std::string_view text) {
  const auto offset = static_cast<uint32_t>(bytes->size());
  bytes->append(text);
  return {offset, static_cast<uint32_t>(text.size())};
}

}  // namespace

ContainerTable::ContainerTable(SandboxRegion region, uint32_t address)
    : region_(std::move(region)),
      address_(address),
      blocks_(static_cast<uint32_t>(region_.size())),
      host_pid_namespace_(HostNamespace("pid")),
      host_mount_namespace_(HostNamespace("mnt")) {
  Add(CONTAINER_HOST, 0, "host", "host", "host", true);
  Add(CONTAINER_FAILED, 255, "", "", "", false);
  entries_[kHost].references = entries_[kUnknown].references = 1;
}

uint32_t ContainerTable::Add(uint8_t state, uint8_t privileged, std::string_view id, std::string_view full_id,
                             std::string_view type, bool host_names) {
  std::string bytes(sizeof(container), '\0');
  container fixed{};
  fixed.state = state;
  fixed.privileged = privileged;
  if (!id.empty()) {
    fixed.id = Append(&bytes, id);
    fixed.full_id = Append(&bytes, full_id);
  }
  if (!type.empty()) fixed.type = Append(&bytes, type);
  if (host_names) {
    fixed.name = Append(&bytes, "host");
    // The host's repository is the empty string, not an absent one: `container.image.repository = ""` holds for it.
    fixed.image_repository = Append(&bytes, "");
  }
  bytes.resize((bytes.size() + 7) / 8 * 8);
  fixed.size = static_cast<uint32_t>(bytes.size());
  memcpy(bytes.data(), &fixed, sizeof fixed);

  const uint32_t offset = blocks_.Allocate(fixed.size);
  if (offset == BuddyAllocator::kNone) {
    lost_++;
    return kUnknown;
  }
  memcpy(region_.data() + offset, bytes.data(), bytes.size());
  uint32_t index = static_cast<uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  entries_[index] = {offset, 0, 0, true, std::string(full_id), {}, 0};
  live_++;
  return index;
}

bool ContainerTable::InOtherNamespace(const image& process) const {
  return (process.pid_namespace != host_pid_namespace_ && process.pid_namespace != 0) ||
         (process.mount_namespace != host_mount_namespace_ && process.mount_namespace != 0);
}

std::optional<uint32_t> ContainerTable::Acquire(const image& process, std::string_view cgroup, uint64_t owner) {
  auto id = ContainerIdOf(cgroup);
  if (!id && InOtherNamespace(process)) id = runc_.Find(cgroup);
  if (id && IsForged(*id, cgroup)) {
    forged_++;
    return std::nullopt;
  }
  const uint32_t index = id && !id->full_id.empty() ? AcquireById(*id, cgroup, process.pid, owner) : kHost;
  Retain(index);
  return index;
}

uint32_t ContainerTable::AcquireKnown(const ContainerId& id, std::string_view cgroup, uint32_t pid, uint64_t owner) {
  const uint32_t index = id.full_id.empty()                      ? kUnknown
                         : id.full_id == entries_[kHost].full_id ? kHost
                                                                 : AcquireById(id, cgroup, pid, owner);
  Retain(index);
  return index;
}

/**
 * Whether another cgroup is already the container's. Only ids that are hashes belong to one container: names may come
 * again in nested runtimes.
 */
bool ContainerTable::IsForged(const ContainerId& id, std::string_view cgroup) const {
  if (!IsHash(id.full_id)) return false;
  const auto known = by_id_.find(std::string(id.full_id));
  if (known == by_id_.end()) return false;
  const Entry& entry = entries_[known->second];
  return entry.references > 0 && !entry.home.empty() && entry.home != HomeOf(id, cgroup);
}

/**
 * The entry of that container, created if missing. Who makes cgroups by names of containers without number leaves
 * others as much room as he takes.
 */
uint32_t ContainerTable::AcquireById(const ContainerId& id, std::string_view cgroup, uint32_t pid, uint64_t owner) {
  const auto known = by_id_.find(std::string(id.full_id));
  if (known != by_id_.end()) {
    entries_[known->second].home = HomeOf(id, cgroup);
    return known->second;
  }
  const std::string_view short_id = ShortContainerId(id.full_id);
  if (!shares_.MayHaveWhole(owner, blocks_.capacity() - blocks_.used())) {
    lost_++;
    return kUnknown;
  }
  const uint32_t index = Add(CONTAINER_PENDING, 255, short_id, id.full_id, id.type, false);
  if (index == kUnknown) return index;
  entries_[index].owner = owner;
  shares_.Take(owner, blocks_.BlockSize(entries_[index].offset));
  by_id_.emplace(id.full_id, index);
  entries_[index].home = HomeOf(id, cgroup);
  seen_.push_back({AddressOf(index), std::string(short_id), std::string(id.full_id), std::string(id.type),
                   std::string(cgroup), pid});
  return index;
}

std::string_view ContainerTable::TypeOf(uint32_t index) const {
  const auto* const entry = reinterpret_cast<const container*>(region_.data() + entries_[index].offset);
  return StringOf(entry, entry->type);
}

void ContainerTable::Release(uint32_t index) {
  if (--entries_[index].references == 0) entries_[index].empty_since = 0;
}

std::vector<uint32_t> ContainerTable::Sweep(uint64_t now_ns) {
  std::vector<uint32_t> gone;
  for (uint32_t index = kUnknown + 1; index < entries_.size(); index++) {
    Entry& entry = entries_[index];
    if (!entry.used || entry.references > 0) continue;
    if (entry.empty_since == 0) entry.empty_since = now_ns;
    if (now_ns - entry.empty_since < kKeepEmptyNs) continue;
    shares_.GiveBack(entry.owner, blocks_.BlockSize(entry.offset));
    blocks_.Free(entry.offset);
    by_id_.erase(entry.full_id);
    entry = {};
    free_.push_back(index);
    gone.push_back(index);
    live_--;
  }
  return gone;
}

std::vector<ContainerSeen> ContainerTable::TakeSeen() { return std::exchange(seen_, {}); }

uint32_t ContainerTable::Find(std::string_view id) const {
  auto known = by_id_.find(std::string(id));
  if (known == by_id_.end()) {
    known = std::find_if(by_id_.begin(), by_id_.end(),
                         [&](const auto& entry) { return ShortContainerId(entry.first) == id; });
  }
  return known == by_id_.end() ? kGone : known->second;
}

Result<ContainerTable::Replaced> ContainerTable::Replace(std::string_view id, const uint8_t* bytes, size_t size) {
  container fixed;
  if (size < sizeof fixed || size > BuddyAllocator::kLargest) {
    return Error{"CAPTURE_CONTAINER",
                 "A container entry must have between " + std::to_string(sizeof fixed) + " and " +
                     std::to_string(BuddyAllocator::kLargest) + " bytes.",
                 ""};
  }
  memcpy(&fixed, bytes, sizeof fixed);
  string_ref strings[kStringCount];
  memcpy(strings, bytes + offsetof(container, id), sizeof strings);
  const bool fits = std::all_of(std::begin(strings), std::end(strings), [&](const string_ref& text) {
    return StringFits(text, sizeof(container), static_cast<uint32_t>(size));
  });
  if (fixed.size != size || !fits) {
    return Error{"CAPTURE_CONTAINER", "The container entry has an invalid size or string.", ""};
  }
  const uint32_t index = Find(id);
  if (index == kGone) return Replaced{kGone, false};

  Entry& entry = entries_[index];
  bool moved = false;
  if (blocks_.BlockSize(entry.offset) < size) {
    const uint32_t offset = blocks_.Allocate(static_cast<uint32_t>(size));
    if (offset == BuddyAllocator::kNone) {
      lost_++;
      return Error{"CAPTURE_CONTAINER_BUDGET", "The container table is full; raise its budget.", ""};
    }
    shares_.Take(entry.owner, blocks_.BlockSize(offset));
    shares_.GiveBack(entry.owner, blocks_.BlockSize(entry.offset));
    blocks_.Free(entry.offset);
    entry.offset = offset;
    moved = true;
  }
  memcpy(region_.data() + entry.offset, bytes, size);
  return Replaced{index, moved};
}

}  // namespace wasprey
