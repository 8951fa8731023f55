// All images as entries of a log, so that a replay of them links each as it is linked here.
#pragma once

#include <cstdint>
#include <vector>

#include "images/image_log.h"
#include "images/image_store.h"

namespace wasprey {

/** What only this machine knows of an image. */
ImageFacts FactsOf(const ImageStore& store, uint32_t index);

/** Numbers of all images, older ones first, but each after its parent: of the processes that ran at the start, a parent
 * may be the younger. */
std::vector<uint32_t> ParentsFirst(const ImageStore& store);

/**
 * Adds all images to a log, each after its parent. Images that share a text have its strings once, in the record of the
 * first of them: any user can fork thousands of processes with long arguments, and the log must not be larger than the
 * table for that.
 */
void LogAllImages(const ImageStore& store, ImageLog* log);

}  // namespace wasprey
