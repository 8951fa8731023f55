// Component by component, because `..` after a link goes up from the link's target.

#include "completing/magic_links.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wasprey {
namespace {

constexpr std::string_view kProc = "/proc/";
constexpr std::string_view kProcName = "proc";

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsOwn(std::string_view process, uint32_t pid) {
  if (process == "self" || process == "thread-self") return true;
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), number);
  return error == std::errc() && end == process.data() + process.size() && number == pid;
}

enum class Link { kNone, kRoot, kCurrentDirectory };

/** What the last component of a path is. */
Link LinkAt(std::string_view path, uint32_t pid) {
  if (!path.starts_with(kProc)) return Link::kNone;
  path.remove_prefix(kProc.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return Link::kNone;
  const std::string_view process = path.substr(0, slash);
  const bool is_own = IsOwn(process, pid);
  if (!is_own && !IsNumber(process)) return Link::kNone;
  path.remove_prefix(slash + 1);
  if (path.starts_with("task/")) {
    path.remove_prefix(5);
    const size_t end = path.find('/');
    if (end == std::string_view::npos || !IsNumber(path.substr(0, end))) return Link::kNone;
    path.remove_prefix(end + 1);
  }
  if (path == "root") return Link::kRoot;
  return path == "cwd" && is_own ? Link::kCurrentDirectory : Link::kNone;
}

/** A path that grows by its components; empty: the root. */
class Growing {
 public:
  explicit Growing(char* out) : out_(out), end_(out) {}

  size_t length() const { return static_cast<size_t>(end_ - out_); }
  std::string_view text() const { return {out_, length()}; }
  void Become(std::string_view path) {
    end_ = out_;
    if (path != "/") end_ = static_cast<char*>(mempcpy(out_, path.data(), path.size()));
  }
  void Add(std::string_view component) {
    *end_++ = '/';
    end_ = static_cast<char*>(mempcpy(end_, component.data(), component.size()));
  }
  void GoUp() {
    while (end_ > out_ && *--end_ != '/') {
    }
  }
  void AddRoot() {
    if (end_ == out_) *end_++ = '/';
  }

 private:
  char* out_;
  char* end_;
};

}  // namespace

bool MayHaveMagicLinks(std::string_view directory, std::string_view path) {
  const bool is_relative = path.empty() || path.front() != '/';
  return memmem(path.data(), path.size(), kProcName.data(), kProcName.size()) != nullptr ||
         (is_relative && directory.starts_with("/proc"));
}

size_t PathBehindMagicLinks(char* out, std::string_view directory, std::string_view path, const MagicLinks& links) {
  Growing growing(out);
  if (path.empty() || path.front() != '/') {
    if (directory.empty()) return 0;
    growing.Become(directory);
  }
  for (size_t position = 0; position < path.size();) {
    const size_t stop = std::min(path.find('/', position), path.size());
    const std::string_view component = path.substr(position, stop - position);
    position = stop + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      growing.GoUp();
      continue;
    }
    growing.Add(component);
    switch (LinkAt(growing.text(), links.pid)) {
      case Link::kNone:
        break;
      case Link::kRoot:
        growing.Become("/");
        break;
      case Link::kCurrentDirectory:
        if (links.current_directory.empty()) return 0;
        growing.Become(links.current_directory);
        break;
    }
  }
  growing.AddRoot();
  return growing.length();
}

}  // namespace wasprey
