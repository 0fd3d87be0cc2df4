import project from "../../deno.json" with { type: "json" };

/** The words of the task `start`, from its variables on. */
const WORDS = (project.tasks.start.command.split("&&").at(-1) ?? "")
  .trim().split(/\s+/);

/**
 * The flags that the task `start` gives Deno, permissions above all, for others who start the program:
 * one place says what it may do.
 */
export function startPermissions(): string[] {
  return WORDS.filter((word) => /^--(allow-|no-prompt|v8-flags)/.test(word));
}

/** The variables that the task `start` sets: glibc then gives memory back early. */
export function startEnvironment(): Record<string, string> {
  return Object.fromEntries(
    WORDS.filter((word) => /^[A-Z_]+=/.test(word))
      .map((word) => word.split("=") as [string, string]),
  );
}
