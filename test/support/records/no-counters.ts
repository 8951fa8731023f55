import type { CaptureCounters } from '../../../host/capture/capture-counters.ts';

/** Of a capture of one processor that has counted nothing. */
export const NO_CAPTURE_COUNTERS: CaptureCounters = {
  produced: [0],
  evaluated: [0],
  dropped: [],
  filtered: [0],
  droppedByCpu: [0],
  images: 0,
  imagesLost: 0,
  missedRuns: 0,
  programs: [],
  imagesEvicted: 0,
  imagesCut: 0,
  imagesUnnamed: 0,
  unknownImages: 0,
  unnamedFiles: 0,
  imagesUnplaced: 0,
  containers: 0,
  containersLost: 0,
  imagesInForgedCgroups: 0,
  held: 0,
  malformed: 0,
  ringHighWater: 0,
};
