import project from "../../deno.json" with { type: "json" };

/**
 * The flags that the task `start` gives Deno, permissions above all, for others who start the program:
 * one place says what it may do.
 */
export function startPermissions(): string[] {
  const command = project.tasks.start.command.split("&&").at(-1) ?? "";
  return command.split(/\s+/).filter((word) =>
    /^--(allow-|no-prompt|v8-flags)/.test(word)
  );
}
