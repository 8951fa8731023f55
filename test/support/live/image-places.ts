// Tables of the kernel that hold one image for each remainder of image ids: which processes have which place, and how one comes to a place that
// another has.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Capture } from '../../../host/capture/native.ts';
import type { EventMemory } from '../../../host/fields/memory.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import { FILTER_ROOM } from '../../../host/schema/kernel-filter.ts';
import { member } from '../../../host/schema/layout.ts';
import { type RunningAct, type Step, startAct, str } from './live-act.ts';

/** The same in the tables of enforcement (ENFORCE_ROOM). */
const { PROCESSES: PLACES } = FILTER_ROOM;
/** Three steps each, of which act takes 256. On a busy machine others make images too: the group is spread over more places, not its beginning. */
const MOST_MOVES = 80;
/** Of each process that is started, at least. */
const IMAGES = 3;
const ID = member(IMAGE, 'id').offset;
const PID = member(IMAGE, 'pid').offset;
const VPID = member(IMAGE, 'vpid').offset;

/** A process that waits for goOn(). */
export interface Waiting {
  readonly running: RunningAct;
  /** In the root namespace. */
  readonly pid: number;
}

export class ImagePlaces {
  readonly #capture: Capture;
  readonly #view: EventMemory;
  readonly #take: () => void;
  /** Of each process, that of its last image. */
  readonly #places = new Map<number, number>();
  /** Numbers in the root namespace, by those of the innermost one. */
  readonly #rootPids = new Map<number, number>();
  #lastId = 0;

  /** @param take takes in what has come, images by takeImages() */
  constructor(capture: Capture, view: EventMemory, take: () => void) {
    this.#capture = capture;
    this.#view = view;
    this.#take = take;
  }

  /** @param decide says of the image at that address which rules it is a candidate of */
  takeImages(decide: (address: number) => void): void {
    const addresses = new Uint32Array(4096);
    for (let count = this.#capture.takeImages(addresses); count > 0; count = this.#capture.takeImages(addresses)) {
      for (const address of addresses.subarray(0, count)) {
        decide(address);
        const id = this.#view.u32(address + ID);
        this.#lastId = Math.max(this.#lastId, id);
        this.#places.set(this.#view.u32(address + PID), id % PLACES);
        this.#rootPids.set(this.#view.u32(address + VPID), this.#view.u32(address + PID));
      }
    }
  }

  /** Starts a process that waits before it does these. */
  async #startWaiting(...steps: readonly Step[]): Promise<Waiting> {
    const running = startAct([['@wait'], ...steps]);
    const { pid } = await running.place();
    this.#take();
    return { running, pid: this.#rootPids.get(pid) ?? assert.fail(`no image of ${pid}`) };
  }

  /**
   * Starts a group of processes that wait before they do the deed, and then one whose place is that of one of these. That one does the deed
   * first at each of its places, and waits.
   * @returns the group, the one, and how often that one has done it
   */
  async collide(size: number, deed: Step, started: (one: Waiting) => void): Promise<[Waiting[], Waiting, number]> {
    const group: Waiting[] = [];
    const start = async (...steps: readonly Step[]): Promise<Waiting> => {
      const one = await this.#startWaiting(...steps);
      started(one);
      return one;
    };
    this.#take();
    const before = this.#lastId;
    for (let index = 0; index < size; index++) group.push(await start(deed));
    const taken = new Set(group.map(({ pid }) => this.#places.get(pid)));
    this.#approach(before + PLACES);
    // Each change of its directory makes another image, whose place is the next: it goes past all those that are taken.
    const moves = Array.from({ length: MOST_MOVES }, (_, index): Step[] => [
      deed,
      ['chdir', str(index % 2 === 0 ? '/tmp' : '/')],
      ['@wait'],
    ]);
    const mover = await start(...moves.flat());
    let done = 0;
    for (; !taken.has(this.#places.get(mover.pid)); done++) {
      assert.ok(done < MOST_MOVES, 'no two processes have one place');
      mover.running.goOn();
      await mover.running.place();
      this.#take();
    }
    return [group, mover, done];
  }

  /** Starts programs until little is missing to that id. */
  #approach(id: number): void {
    for (let missing = id - this.#lastId; missing > 2 * IMAGES; missing = id - this.#lastId) {
      const count = Math.max(Math.min(Math.floor(missing / (2 * IMAGES)), 500), 1);
      const script = `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done`;
      assert.equal(spawnSync('/bin/sh', ['-c', script]).status, 0);
      this.#take();
    }
  }
}
