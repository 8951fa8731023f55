#include "enforcement/isolation.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "loading/bpf_error.h"
#include "loading/bpf_object.h"
#include "system/file_descriptor.h"

namespace wasprey {
namespace {

Error Failed(const std::string& what, int number) {
  std::string why = BpfErrorText(number);
  if (number == EPERM || number == EACCES) {
    why += "; CAP_BPF and CAP_NET_ADMIN are needed, and no other program on the cgroups above may forbid further ones";
  }
  return Error{"ISOLATION_FAILED", what + " failed (" + why + ").", BpfLog()};
}

/** Files of links, which are removed again unless all are there. */
class Pins {
 public:
  explicit Pins(std::string folder) : folder_(std::move(folder)) {}
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;
  ~Pins() {
    for (const std::string& path : paths_) unlink(path.c_str());
  }

  /** 0 or an errno. */
  int Add(int link, const char* name) {
    const std::string path = folder_ + "/" + name;
    if (bpf_obj_pin(link, path.c_str()) != 0) return errno;
    paths_.push_back(path);
    return 0;
  }
  void Keep() { paths_.clear(); }

 private:
  std::string folder_;
  std::vector<std::string> paths_;
};

Status SetReachable(BpfObject* object, std::span<const reachable_network> reachable) {
  const auto bytes = std::as_bytes(reachable);
  if (auto failed = object->SetConstant("reachable", {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})) {
    return failed;
  }
  return object->SetConstant("reachable_count", static_cast<uint64_t>(reachable.size()));
}

}  // namespace

Status IsolateCgroup(const IsolationRequest& request) {
  BeginBpfLog();
  auto object = BpfObject::Open(request.object);
  if (!object) return std::move(object.error());
  if (auto failed = SetReachable(&*object, request.reachable)) return failed;
  const FileDescriptor cgroup(open(request.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup) return Failed("Opening the cgroup " + request.cgroup, errno);
  if (const int error = bpf_object__load(object->get()); error != 0) {
    return Failed("Loading the programs for an isolation", -error);
  }
  Pins pins(request.folder);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object->get()) {
    const char* const name = bpf_program__name(program);
    const FileDescriptor link(
        bpf_link_create(bpf_program__fd(program), cgroup.get(), bpf_program__expected_attach_type(program), nullptr));
    if (!link) return Failed(std::string("Attaching ") + name + " to the cgroup " + request.cgroup, errno);
    if (const int error = pins.Add(link.get(), name); error != 0) {
      return Failed("Keeping " + std::string(name) + " in " + request.folder, error);
    }
  }
  pins.Keep();
  return std::nullopt;
}

}  // namespace wasprey
