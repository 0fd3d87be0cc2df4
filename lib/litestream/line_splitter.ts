export { LineSplitter } from "../domain/line_splitter.ts";
