import assert from "node:assert/strict";
import { firstPlaces } from "./first_places.ts";

const GIB = 1 << 30;

const cases: [
  name: string,
  maxAwake: number,
  availableBytes: number | null,
  places: number,
][] = [
  ["four times as many as may be awake", 16, 24 * GIB, 64],
  ["a thousand at most", 4096, 24 * GIB, 1_000],
  ["by memory", 256, 2 * GIB, 512],
  ["by little memory", 256, GIB / 4, 64],
  ["a few in any case", 256, 0, 16],
  ["unless a person said so", 1, 0, 4],
  ["when nobody knows the memory", 256, null, 1_000],
];

for (const [name, maxAwake, availableBytes, places] of cases) {
  Deno.test(`places for first backups: ${name}`, () => {
    assert.equal(firstPlaces(maxAwake, availableBytes), places);
  });
}
