/**
 * A process that pins a database and lives on until it is killed. Its arguments
 * are the folder and the database; it writes the process id of its pin host.
 * @module
 */
// deno-lint-ignore-file no-console
import { PinKeeper } from "../../lib/protection/pin_keeper.ts";

/** Process ids of the pin hosts that a process has. */
export async function pinHosts(parent: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "pid=,stat=,args=", "--ppid", `${parent}`],
  }).output();
  return new TextDecoder().decode(stdout).split("\n")
    .filter((line) => /^\s*\d+\s+[^Z]/.test(line) && /pin_host/.test(line))
    .map((line) => Number(line.trim().split(/\s+/)[0]));
}

if (import.meta.main) {
  const [folder, path] = Deno.args;
  const keeper = new PinKeeper([folder!]);
  const pin = await keeper.pin(path!);
  console.log((await pinHosts(Deno.pid)).join());
  setInterval(() => pin, 1e6);
}
