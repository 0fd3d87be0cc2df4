import type { CostBook } from "../../lib/costs/meter.ts";
import type { ClientId } from "../../lib/domain/client_id.ts";
import type {
  CostRow,
  MonthTotals,
  StoredTotals,
} from "../../lib/domain/cost_row.ts";
import { heldBytes, isHeld, surenessOf } from "../../lib/domain/holding.ts";
import type { Prices } from "../../lib/domain/prices.ts";
import {
  requestDollars,
  storageDollars,
  transferDollars,
} from "../../lib/domain/usage.ts";

/** Keeps counts in memory, as `CostTable` does on disk. */
export class MemoryBook implements CostBook {
  readonly #rows = new Map<ClientId, CostRow>();
  readonly #months = new Map<string, MonthTotals>();
  /** How often it was written. */
  writes = 0;

  read(id: ClientId): CostRow | null {
    return this.#rows.get(id) ?? null;
  }

  write(rows: Iterable<CostRow>, months: Iterable<MonthTotals>): void {
    this.writes++;
    for (const row of rows) {
      this.#rows.set(row.id, { ...row, usage: { ...row.usage } });
    }
    for (const month of months) this.#months.set(month.month, month);
  }

  months(): MonthTotals[] {
    return [...this.#months.values()];
  }

  dearest(
    month: string,
    { prices, limit }: { prices: Prices; limit: number },
  ): CostRow[] {
    const dollars = ({ month: own, usage, holding }: CostRow) =>
      storageDollars(heldBytes(holding), prices) +
      (own === month
        ? requestDollars(usage, prices) + transferDollars(usage.bytes, prices)
        : 0);
    return [...this.#rows.values()]
      .sort((a, b) => dollars(b) - dollars(a) || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  stored(): StoredTotals {
    const clients = { "exact": 0, "at least": 0, "at most": 0, "about": 0 };
    let bytes = 0;
    for (const { holding } of this.#rows.values()) {
      if (!isHeld(holding)) continue;
      clients[surenessOf(holding)]++;
      bytes += heldBytes(holding);
    }
    return { bytes, clients };
  }
}
