import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "./line_splitter.ts";

const encoder = new TextEncoder();

Deno.test("lines come out whole, wherever the chunks are torn", async () => {
  const text = fc.string({ unit: "binary", maxLength: 20 })
    .map((line) => line.replaceAll(/[\n\uFEFF]/g, ""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 20 }),
      fc.array(fc.nat(300), { maxLength: 40 }),
      async (lines, cuts) => {
        const bytes = encoder.encode(lines.map((line) => `${line}\n`).join(""));
        const chunks = tear(bytes, cuts);
        assert.deepEqual(await split(chunks), lines.map(decodable));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("characters of several bytes survive a chunk for each byte", async () => {
  const bytes = encoder.encode("größe €5\n🦆 ende\n");
  const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(await split(chunks), ["größe €5", "🦆 ende"]);
});

Deno.test("a last line without an end counts, an empty one does not", async () => {
  assert.deepEqual(await split([encoder.encode("a\n\nb")]), ["a", "", "b"]);
  assert.deepEqual(await split([encoder.encode("a\n")]), ["a"]);
  assert.deepEqual(await split([]), []);
});

for (const size of [1, 3, 7, 64, 1000]) {
  Deno.test(`a long line in chunks of ${size} bytes is cut, the next one is whole`, async () => {
    const bytes = encoder.encode(
      `${"x".repeat(500)}\nshort\n${"y".repeat(50)}`,
    );
    const chunks = tear(
      bytes,
      Array.from({ length: 600 / size }, (_, index) => (index + 1) * size),
    );
    assert.deepEqual(await split(chunks, { maxLength: 10 }), [
      "x".repeat(10),
      "short",
      "y".repeat(10),
    ]);
  });
}

function tear(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]) {
  const places = [0, ...cuts, bytes.length]
    .filter((cut) => cut <= bytes.length)
    .sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.slice(places[index]!, end));
}

async function split(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  options?: { maxLength: number },
): Promise<string[]> {
  const stream = ReadableStream.from(chunks)
    .pipeThrough(new LineSplitter(options));
  return await Array.fromAsync(stream);
}

/** Halves of a surrogate pair cannot be encoded. */
function decodable(text: string): string {
  return new TextDecoder().decode(encoder.encode(text));
}
