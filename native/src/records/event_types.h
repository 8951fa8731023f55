// The event types by name and number, and which fixed part each has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "records/kernel_layout.h"

namespace wasprey {

enum class Shape : uint8_t {
  kNone,
#define WASPREY_SHAPE(shape, record) k##shape,
  WASPREY_SHAPES(WASPREY_SHAPE)
#undef WASPREY_SHAPE
};

struct EventType {
  std::string_view name;
  uint16_t number;
  Shape shape;
};

inline constexpr EventType kEventTypes[] = {
#define WASPREY_TYPE(name, type, shape, program, makes_fd) {#name, type, Shape::k##shape},
    WASPREY_EVENT_TYPES(WASPREY_TYPE)
#undef WASPREY_TYPE
};

namespace event_types_internal {

struct Shapes {
  Shape by_number[EVENT_TYPE_COUNT] = {};
};

constexpr Shapes MakeShapes() {
  Shapes shapes;
  for (const EventType& type : kEventTypes) shapes.by_number[type.number] = type.shape;
  return shapes;
}

inline constexpr Shapes kShapes = MakeShapes();

}  // namespace event_types_internal

/** The event type of that name, or null. */
constexpr const EventType* FindEventType(std::string_view name) {
  for (const EventType& type : kEventTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

/** kNone for an unknown number. */
constexpr Shape ShapeOf(uint16_t type) {
  return type < EVENT_TYPE_COUNT ? event_types_internal::kShapes.by_number[type] : Shape::kNone;
}

/** Bytes of the fixed part, header included. */
constexpr uint32_t FixedSize(Shape shape) {
  constexpr uint32_t kSizes[] = {sizeof(event_header),
#define WASPREY_SHAPE(shape, record) sizeof(record),
                                 WASPREY_SHAPES(WASPREY_SHAPE)
#undef WASPREY_SHAPE
  };
  return kSizes[static_cast<size_t>(shape)];
}

}  // namespace wasprey
