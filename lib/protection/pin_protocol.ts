/** A line from the manager to the pin host. */
export type PinRequest =
  | {
    readonly call: number;
    readonly verb: "pin" | "truncate";
    readonly path: string;
  }
  | { readonly call: number; readonly verb: "release"; readonly pin: number };

/** The host's answer: `pin` names the pin, null when there is nothing to pin. */
export type PinAnswer =
  | { readonly call: number; readonly pin: number | null }
  | { readonly call: number; readonly busy: boolean; readonly error: string };

/** The argument by which a compiled program is told to be the pin host. */
export const PIN_HOST_ARGUMENT = "--be-the-pin-host";
