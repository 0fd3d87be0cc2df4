import { MEMORY_PREFIX } from "./log_event.ts";

/**
 * The arguments of the daemon. Litestream outlives a supervisor that is killed,
 * so it runs a shell beside itself that ends when process `pid` does, and ends
 * with that; when the daemon itself is killed, the shell ends too. It also tells the daemon's memory every 10 s, which we may
 * not read ourselves without all of Deno's permissions.
 */
export function daemonArguments(configFile: string, pid: number): string[] {
  const tell =
    `read -r _ r _ </proc/$PPID/statm 2>/dev/null && echo "${MEMORY_PREFIX}$r"`;
  const watch =
    `n=0; while kill -0 ${pid} && kill -0 $PPID; do [ $n = 0 ] && ${tell}; n=$(((n+1)%10)); sleep 1; done 2>/dev/null`;
  return [
    "replicate",
    "-no-expand-env",
    "-config",
    configFile,
    "-exec",
    `sh -c '${watch}'`,
  ];
}
