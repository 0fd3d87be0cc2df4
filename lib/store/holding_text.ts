import {
  type HeldLevel,
  type Holding,
  UNKNOWN_HOLDING,
} from "../domain/holding.ts";
import type { Txid } from "../domain/txid.ts";

type ShortStretch = [
  from: string,
  to: string,
  bytes: number,
  unsized: number,
  begun: 0 | 1,
];
type ShortLevel = [level: number, gone: string, ...stretches: ShortStretch[]];
type Short = [
  base: number | null,
  listedAt: number | null,
  changedAt: number,
  lost: number,
  ...levels: ShortLevel[],
];

/** A holding in few bytes: there is one for every client. */
export function holdingText(holding: Holding): string {
  const { base, listedAt, changedAt, lost } = holding;
  const levels = Object.entries(holding.levels).map((
    [level, { gone, stretches }],
  ): ShortLevel => [
    Number(level),
    short(gone),
    ...stretches.map(({ from, to, bytes, unsized, begun }): ShortStretch => [
      short(from),
      short(to),
      bytes,
      unsized,
      begun ? 1 : 0,
    ]),
  ]);
  const all: Short = [base, listedAt, changedAt, lost, ...levels];
  return JSON.stringify(all);
}

/** What `holdingText` wrote. */
export function readHolding(text: string | null): Holding {
  if (text === null) return UNKNOWN_HOLDING;
  const [base, listedAt, changedAt, lost, ...known] = JSON.parse(text) as Short;
  const levels: Record<number, HeldLevel> = {};
  for (const [level, gone, ...stretches] of known) {
    levels[level] = {
      gone: long(gone),
      stretches: stretches.map(([from, to, bytes, unsized, begun]) => ({
        from: long(from),
        to: long(to),
        bytes,
        unsized,
        begun: begun === 1,
      })),
    };
  }
  return { base, listedAt, changedAt, lost, levels };
}

/** Without the zeros in front, of which there are always many. */
function short(txid: Txid): string {
  return txid.replace(/^0+/, "");
}

function long(text: string): Txid {
  return text.padStart(16, "0") as Txid;
}
