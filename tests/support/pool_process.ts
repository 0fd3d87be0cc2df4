/**
 * Three daemons as their manager has them, in a process of its own that can be
 * killed or stopped. Its argument is the state folder.
 * @module
 */
import { join } from "node:path";
import { DaemonPool } from "../../lib/litestream/daemon_pool.ts";
import { daemonOptions } from "./daemon_process.ts";
import { someId } from "./some_client.ts";
import { until } from "./until.ts";

const [stateDir = ""] = Deno.args;
const { socket: _, ...options } = daemonOptions(stateDir);
const pool = await DaemonPool.start({
  ...options,
  onDown: () => {},
  capacity: 1,
  most: 3,
  socketOf: (name) => Promise.resolve(join(stateDir, `${name}.sock`)),
});
await until("it is up", () => pool.isUp);
for (const number of [1, 2, 3]) {
  // Litestream takes a path where nothing stands yet.
  const path = join(stateDir, `${someId(number)}.db`);
  await pool.register(path, `file://${path}-replica`);
}
