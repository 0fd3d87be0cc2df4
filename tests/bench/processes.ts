/** Processes of one name. */
export interface ProcessGroup {
  readonly count: number;
  /** Resident memory; what two of them share counts twice. */
  readonly rssBytes: number;
}

export type ProcessGroups = Readonly<Record<string, ProcessGroup>>;

/** What a process and all that it started use, as /proc tells it. */
export interface Usage {
  /** By what they are: `manager`, `pin host`, `litestream`, else the program's name. */
  readonly processes: ProcessGroups;
  /** Processor time used until now, in seconds, with children that ended. */
  readonly cpuSeconds: number;
  readonly openFiles: number;
  readonly inotifyWatches: number;
}

/** One process at one moment. */
export interface ProcessFacts {
  readonly pid: number;
  /** Tells it from another one that gets its number later. */
  readonly startedAt: string;
  readonly name: string;
  readonly rssBytes: number;
  /** Its own processor time, in seconds. */
  readonly ownSeconds: number;
  /** That of the children that it saw end, and of theirs. */
  readonly childSeconds: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly startedAt: string;
  readonly command: string;
  readonly ownTicks: number;
  readonly childTicks: number;
}

/** Clock ticks a second in /proc: fixed by the kernel's interface to programs. */
const TICKS_PER_SECOND = 100;

/** Sums up a process and its descendants; all zero when it ended. */
export function usageOf(root: number): Usage {
  const facts = processTree(root);
  let openFiles = 0, inotifyWatches = 0;
  for (const { pid } of facts) {
    const { files, watches } = descriptors(pid);
    openFiles += files;
    inotifyWatches += watches;
  }
  return {
    processes: groupsOf(facts),
    cpuSeconds: facts.reduce(
      (sum, { ownSeconds, childSeconds }) => sum + ownSeconds + childSeconds,
      0,
    ),
    openFiles,
    inotifyWatches,
  };
}

/** A process and its descendants, those too that ended and were not waited for yet. */
export function processTree(root: number): ProcessFacts[] {
  return descendants(root).map((stat) => ({
    pid: stat.pid,
    startedAt: stat.startedAt,
    name: nameOf(stat, root),
    rssBytes: residentBytes(stat.pid),
    ownSeconds: stat.ownTicks / TICKS_PER_SECOND,
    childSeconds: stat.childTicks / TICKS_PER_SECOND,
  }));
}

export function totalBytes(groups: ProcessGroups): number {
  return Object.values(groups).reduce((sum, { rssBytes }) => sum + rssBytes, 0);
}

function groupsOf(facts: readonly ProcessFacts[]): ProcessGroups {
  const groups: Record<string, ProcessGroup> = {};
  for (const { name, rssBytes } of facts) {
    if (rssBytes === 0) continue;
    const { count, rssBytes: others } = groups[name] ??
      { count: 0, rssBytes: 0 };
    groups[name] = { count: count + 1, rssBytes: others + rssBytes };
  }
  return groups;
}

function nameOf({ pid, command }: Stat, root: number): string {
  const words = readProc(`${pid}/cmdline`)?.split("\0") ?? [];
  const program = words[0]?.split("/").at(-1) || command;
  // The kernel keeps 15 characters of a name.
  if (program.startsWith("litestream")) return "litestream";
  const host = /(pin|watch)_host/.exec(words.join(" "))?.[1];
  if (host !== undefined) return `${host} host`;
  return pid === root ? "manager" : command;
}

function descendants(root: number): Stat[] {
  const all: Stat[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat !== null) all.push(stat);
  }
  const members = new Set([root]);
  // Children have mostly, but not always, higher numbers than their parents.
  for (let before = 0; before !== members.size;) {
    before = members.size;
    for (const { pid, parent } of all) {
      if (members.has(parent)) members.add(pid);
    }
  }
  return all.filter(({ pid }) => members.has(pid));
}

function readStat(pid: number): Stat | null {
  const text = readProc(`${pid}/stat`);
  if (text === null) return null;
  // The name stands in parentheses and may hold any character.
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(
    Number,
  );
  return {
    pid,
    parent: Number(fields[1]),
    startedAt: fields[19]!,
    command: text.slice(text.indexOf("(") + 1, nameEnd),
    ownTicks: user! + system!,
    childTicks: childUser! + childSystem!,
  };
}

/** 0 for one that ended. */
function residentBytes(pid: number): number {
  const status = readProc(`${pid}/status`) ?? "";
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

function descriptors(pid: number): { files: number; watches: number } {
  let files = 0, watches = 0;
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      files++;
      const info = readProc(`${pid}/fdinfo/${name}`) ?? "";
      watches += info.match(/^inotify wd:/gm)?.length ?? 0;
    }
  } catch (error) {
    // It ended meanwhile.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { files, watches };
}

/** Null when the process ended meanwhile. */
function readProc(path: string): string | null {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch {
    return null;
  }
}
