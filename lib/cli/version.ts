import project from "../../deno.json" with { type: "json" };

/** This program's version. */
export const PROGRAM_VERSION: string = project.version;
