#include "journal/unpack.h"

// Of zstd.h, whose interface is stable; weak, because Node need not export them.
extern "C" {
struct ZSTD_DCtx_s;
__attribute__((weak)) ZSTD_DCtx_s* ZSTD_createDCtx();
__attribute__((weak)) size_t ZSTD_freeDCtx(ZSTD_DCtx_s* context);
__attribute__((weak)) size_t ZSTD_decompressDCtx(ZSTD_DCtx_s* context, void* into, size_t room, const void* frame,
                                                 size_t length);
__attribute__((weak)) unsigned ZSTD_isError(size_t result);
}

namespace wasprey {
namespace {

/** Made once a thread: it has 160 KB. */
class Context {
 public:
  Context() : context_(ZSTD_createDCtx()) {}
  ~Context() { ZSTD_freeDCtx(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ZSTD_DCtx_s* get() const { return context_; }

 private:
  ZSTD_DCtx_s* context_;
};

}  // namespace

bool CanUnpack() {
  return ZSTD_createDCtx != nullptr && ZSTD_freeDCtx != nullptr && ZSTD_decompressDCtx != nullptr &&
         ZSTD_isError != nullptr;
}

std::optional<size_t> Unpack(std::span<const uint8_t> frame, std::span<uint8_t> into) {
  if (!CanUnpack()) return std::nullopt;
  thread_local Context context;
  if (context.get() == nullptr) return std::nullopt;
  const size_t length = ZSTD_decompressDCtx(context.get(), into.data(), into.size(), frame.data(), frame.size());
  if (ZSTD_isError(length) != 0) return std::nullopt;
  return length;
}

}  // namespace wasprey
