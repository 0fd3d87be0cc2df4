const SYMBOLS = {
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_rm_watch: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  poll: {
    parameters: ["buffer", "u64", "i32"],
    result: "i32",
    nonblocking: true,
  },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** What we call of the system's C library. */
export interface Libc {
  readonly symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** The last call's error number. */
  errno(): number;
  close(): void;
}

/** Where Linux keeps its C library: glibc by name, then by folder, then musl. */
const PLACES = [
  "libc.so.6",
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
  "/usr/lib/libc.so.6",
  "/lib/libc.musl-x86_64.so.1",
  "/lib/libc.musl-aarch64.so.1",
];

/** Opens the C library; says why where there is none that we know. */
export function loadLibc():
  | { readonly libc: Libc }
  | { readonly problem: string; readonly hint: string } {
  if (Deno.build.os !== "linux") {
    return {
      problem: `inotify does not exist on "${Deno.build.os}"`,
      hint: "Changes are found by sweeping the folders",
    };
  }
  let denied = false;
  for (const place of PLACES) {
    try {
      const library = Deno.dlopen(place, SYMBOLS);
      const { symbols } = library;
      return {
        libc: {
          symbols,
          errno() {
            const place = symbols.__errno_location();
            return place === null
              ? 0
              : new Deno.UnsafePointerView(place).getInt32();
          },
          close: () => library.close(),
        },
      };
    } catch (error) {
      denied ||= error instanceof Deno.errors.NotCapable;
    }
  }
  return denied
    ? {
      problem: "inotify needs a permission",
      hint: "Run with --allow-ffi, or --allow-ffi=/path/to/libc.so.6",
    }
    : {
      problem: "inotify needs the C library, which was not found",
      hint: "Changes are found by sweeping the folders",
    };
}
