/** Weighs what a visitor downloads before the first page can be used, gzipped, against its budget. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const BUDGETS_KB = { "first-load JavaScript": 110, "first-load CSS": 10, "seat map": 15 };

type Part = keyof typeof BUDGETS_KB;

function read(path: string): string {
  return readFileSync(new URL(path, DIST), "utf8");
}

/** A chunk and all that it imports statically, as paths below dist. */
function withImports(chunk: string, seen = new Set<string>()): Set<string> {
  if (!seen.has(chunk)) {
    seen.add(chunk);
    for (const [, name] of read(chunk).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
      withImports(`assets/${name}`, seen);
    }
  }
  return seen;
}

function kilobytes(paths: Iterable<string>): number {
  return [...paths].reduce((sum, path) => sum + gzipSync(read(path), { level: 9 }).length, 0) / 1000;
}

const page = read("index.html");
const entry = [...page.matchAll(/<script[^>]+src="\/([^"]+)"/g)].flatMap(([, path]) => [
  ...withImports(path ?? ""),
]);
const styles = [...page.matchAll(/<link[^>]+rel="stylesheet"[^>]+href="\/([^"]+)"/g)].map(
  ([, path]) => path ?? "",
);
const seatMap = readdirSync(new URL("assets/", DIST)).filter((name) => /^seat-picker-.*\.js$/.test(name));

const measured: Record<Part, number> = {
  "first-load JavaScript": kilobytes(new Set(entry)),
  "first-load CSS": kilobytes(styles),
  "seat map": kilobytes(seatMap.map((name) => `assets/${name}`)),
};

for (const [part, budget] of Object.entries(BUDGETS_KB)) {
  const size = measured[part as Part];
  // Nothing found is no success: the build has changed its shape, and this script has to follow.
  const met = size > 0 && size <= budget;
  console.log(`${met ? "ok  " : "OVER"} ${part}: ${size.toFixed(1)} kB of ${budget} kB gzip`);
  if (!met) {
    process.exitCode = 1;
  }
}
