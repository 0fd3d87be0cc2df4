import { request } from "node:http";
import { type FrontPage, spreadOf } from "./figures.ts";

const VISITS = 20;

/** Asks for the front page, one visit after the other, after one that does not count. */
export async function measureFrontPage(url: string): Promise<FrontPage> {
  const times: number[] = [];
  let htmlBytes = (await visit(url)).bytes;
  for (let i = 0; i < VISITS; i++) {
    const { firstByteMs, bytes } = await visit(url);
    times.push(firstByteMs);
    htmlBytes = bytes;
  }
  return { firstByte: spreadOf(times)!, htmlBytes };
}

function visit(url: string): Promise<{ firstByteMs: number; bytes: number }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false }, (response) => {
      let firstByteMs = 0, bytes = 0;
      if (response.statusCode !== 200) {
        reject(new Error(`Cannot get ${url}: HTTP ${response.statusCode}`));
      }
      response.on("data", (piece: Uint8Array) => {
        if (bytes === 0) firstByteMs = performance.now() - startedAt;
        bytes += piece.length;
      });
      response.on("end", () => resolve({ firstByteMs, bytes }));
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end();
  });
}
