/** The pin host as a program of its own; see pin_host.ts. @module */
import { hostPins } from "./pin_host.ts";

await hostPins();
