import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 120_000;

export interface Shop {
  readonly url: string;
  readonly databaseUrl: string;
  readonly stop: () => Promise<void>;
}

/** Starts a whole shop of our own on free ports, with its own database, and waits until it answers. */
export async function startShop(settings: Readonly<Record<string, string>> = {}): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), "aegis-e2e-"));
  const ready = join(directory, "ready.json");
  const python = join(ROOT, ".venv/bin/python");
  const up = spawn(python, ["-m", "tools.local.up", "--ready-file", ready], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", DATABASE_URL: "", DATA_DIR: join(directory, "data"), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  up.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  up.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const stop = async () => {
    await ended(up);
    rmSync(directory, { recursive: true, force: true });
  };
  const givingUp = Date.now() + START_MS;
  while (!existsSync(ready)) {
    if (up.exitCode !== null || Date.now() > givingUp) {
      await stop();
      throw new Error(`the shop did not start:\n${output.join("")}`);
    }
    await pause(100);
  }
  const facts = JSON.parse(readFileSync(ready, "utf8"));
  return { url: facts.url, databaseUrl: facts.database_url, stop };
}

async function ended(up: ChildProcess): Promise<void> {
  if (up.exitCode === null) {
    const exit = once(up, "exit");
    up.kill("SIGTERM");
    await exit;
  }
}
