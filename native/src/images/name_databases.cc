// Whoever runs containers decides how many roots they have, and what their files are. A container that takes more than
// its share loses what it has; when all take too much, the container that takes most does. It is read again when it is
// needed, as often as time permits.

#include "images/name_databases.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "system/clocks.h"

namespace wasprey {
namespace {

constexpr uint64_t kRecheckNs = 2 * kSecondNs;
/** After a process that was gone, or files that did not come: the next process may have them. Not at once, though. */
constexpr uint64_t kRetryNs = 50'000'000;

}  // namespace

std::vector<SharedNameTable> NameDatabases::Container::Tables() const {
  std::vector<SharedNameTable> tables;
  for (const auto& [id, database] : roots) {
    for (const SharedNameTable& table : {database.files.passwd, database.files.group}) {
      if (table != nullptr) tables.push_back(table);
    }
  }
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  return tables;
}

size_t NameDatabases::Container::Bytes() const {
  size_t sum = roots.size() * sizeof(*roots.begin());
  for (const SharedNameTable& table : Tables()) sum += table->bytes();
  return sum;
}

const NameFiles& NameDatabases::OfHost() {
  const uint64_t now = Now(CLOCK_MONOTONIC);
  if (now >= host_.next_look) {
    if (auto files = ReadNameFilesOfHost({host_.files.passwd, host_.files.group})) {
      host_.files = std::move(*files);
      host_.is_known = true;
    }
    host_.next_look = now + kRecheckNs;
  }
  if (!host_.is_known || host_.files.too_large) unread_++;
  return host_.files;
}

const NameFiles& NameDatabases::OfContainer(uint32_t number, const std::string& root) {
  Container& container = containers_.try_emplace(number, limits_).first->second;
  const RootId id = container.last_root = RootIdOf(root).value_or(container.last_root);
  auto database = container.roots.find(id);
  const uint64_t now = Now(CLOCK_MONOTONIC);
  const bool is_due = database == container.roots.end() || now >= database->second.next_look;
  const bool looks = is_due && time_.LeftAt(now) > 0 && container.time.LeftAt(now) > 0;
  if (looks) {
    database = container.roots.try_emplace(id).first;
    Look(container, root, &database->second);
  }
  const bool is_kept = database != container.roots.end();
  shown_ = is_kept ? database->second.files : NameFiles{};
  if (!is_kept || !database->second.is_known || shown_.too_large) unread_++;
  if (looks) {
    Bound(&container, id);
    const uint64_t spent = Now(CLOCK_MONOTONIC) - now;
    time_.Spend(spent);
    container.time.Spend(spent);
  }
  return shown_;
}

void NameDatabases::Look(const Container& container, const std::string& root, Database* database) const {
  if (auto files = ReadNameFiles(root, container.Tables(), limits_.patience)) {
    database->files = std::move(*files);
    database->is_known = true;
  }
  database->next_look = Now(CLOCK_MONOTONIC) + (database->is_known ? kRecheckNs : kRetryNs);
}

void NameDatabases::Bound(Container* container, const RootId& root) {
  Recount(container);
  if (container->bytes > limits_.bytes_of_container || container->roots.size() > limits_.roots_of_container) {
    std::erase_if(container->roots, [&](const auto& entry) { return entry.first != root; });
    Recount(container);
  }
  while (bytes_ > limits_.bytes) {
    const auto largest =
        std::max_element(containers_.begin(), containers_.end(),
                         [](const auto& one, const auto& other) { return one.second.bytes < other.second.bytes; });
    largest->second.roots.clear();
    Recount(&largest->second);
  }
}

void NameDatabases::Recount(Container* container) {
  bytes_ -= container->bytes;
  container->bytes = container->Bytes();
  bytes_ += container->bytes;
}

void NameDatabases::Forget(uint32_t number) {
  const auto container = containers_.find(number);
  if (container == containers_.end()) return;
  bytes_ -= container->second.bytes;
  containers_.erase(container);
}

size_t NameDatabases::roots() const {
  size_t count = 0;
  for (const auto& [number, container] : containers_) count += container.roots.size();
  return count;
}

}  // namespace wasprey
