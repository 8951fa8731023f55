// An array of zeros that takes memory only where it is written: tables are planned for more than most machines need.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace wasprey {

template <typename Item>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<Item>);

 public:
  /** Large ones are pages that the kernel makes when they are written. */
  explicit ZeroedArray(size_t count) : items_(static_cast<Item*>(calloc(count, sizeof(Item)))) {
    if (items_ == nullptr) abort();
  }
  Item& operator[](size_t index) { return items_[index]; }
  const Item& operator[](size_t index) const { return items_[index]; }
  /** The first. */
  Item* operator->() { return items_.get(); }
  const Item* operator->() const { return items_.get(); }
  Item* get() { return items_.get(); }

 private:
  struct Release {
    void operator()(Item* items) const { free(items); }
  };
  std::unique_ptr<Item[], Release> items_;
};

}  // namespace wasprey
