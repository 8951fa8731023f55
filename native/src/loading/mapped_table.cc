#include "loading/mapped_table.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "loading/bpf_error.h"

namespace wasprey {

Result<MappedTable> MappedTable::Make(const char* name, size_t size, const char* what) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE;
  FileDescriptor map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), static_cast<uint32_t>(size), 1, &options));
  if (!map) return LoadError(std::string("Making the map of the ") + what, errno);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto memory = Mapping::Map(map.get(), (size + page - 1) / page * page, PROT_READ | PROT_WRITE, 0, what);
  if (!memory) return std::move(memory.error());
  return MappedTable{std::move(map), std::move(*memory)};
}

}  // namespace wasprey
