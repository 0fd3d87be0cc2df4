/** What a process and all that it started use, as /proc tells it. */
export interface Usage {
  /** Resident memory in bytes, by the program's name. */
  readonly rssBytes: Readonly<Record<string, number>>;
  /** Processor time used until now, in seconds, with children that ended. */
  readonly cpuSeconds: number;
  readonly openFiles: number;
  readonly inotifyWatches: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Clock ticks a second in /proc: fixed by the kernel's interface to programs. */
const TICKS_PER_SECOND = 100;

/** Sums up a process and its descendants; all zero when it ended. */
export function usageOf(root: number): Usage {
  const rssBytes: Record<string, number> = {};
  let ticks = 0, openFiles = 0, inotifyWatches = 0;
  for (const stat of descendants(root)) {
    const memory = residentBytes(stat.pid);
    if (memory === null) continue;
    const { name, bytes } = memory;
    rssBytes[name] = (rssBytes[name] ?? 0) + bytes;
    ticks += stat.ticks;
    const { files, watches } = descriptors(stat.pid);
    openFiles += files;
    inotifyWatches += watches;
  }
  return {
    rssBytes,
    cpuSeconds: ticks / TICKS_PER_SECOND,
    openFiles,
    inotifyWatches,
  };
}

/** Resident memory of a process and its descendants, in bytes; cheaper than {@linkcode usageOf}. */
export function treeRssBytes(root: number): number {
  let sum = 0;
  for (const { pid } of descendants(root)) {
    sum += residentBytes(pid)?.bytes ?? 0;
  }
  return sum;
}

export function totalBytes(rssBytes: Usage["rssBytes"]): number {
  return Object.values(rssBytes).reduce((sum, bytes) => sum + bytes, 0);
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
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(
    Number,
  );
  return {
    pid,
    parent: Number(fields[1]),
    ticks: user! + system! + childUser! + childSystem!,
  };
}

function residentBytes(pid: number): { name: string; bytes: number } | null {
  const status = readProc(`${pid}/status`);
  const kibibytes = /^VmRSS:\s*(\d+) kB/m.exec(status ?? "")?.[1];
  if (status === null || kibibytes === undefined) return null;
  const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "?";
  const host = /(pin|watch)_host/.exec(readProc(`${pid}/cmdline`) ?? "")?.[1];
  return {
    name: host === undefined ? name : `${name} (${host} host)`,
    bytes: Number(kibibytes) * 1024,
  };
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
