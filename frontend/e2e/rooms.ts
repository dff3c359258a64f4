import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { APIRequestContext } from "@playwright/test";
import { expect } from "./visitor.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const ROOM_EVENT = "Late Trains";

interface Sale {
  readonly capacity: number;
  readonly on_sale_at?: string;
}

/** Publishes an event with a waiting room, on no list, and waits until the room is there; answers the event's number. */
export async function publishWithRoom(api: APIRequestContext, sale: Sale): Promise<number> {
  const id = randomInt(1000, 2 ** 40);
  const event = {
    slug: `late-trains-${id}`,
    id,
    name: ROOM_EVENT,
    venue: "Engine Shed",
    city: "Dublin",
    timezone: "Europe/Dublin",
    starts_at: "+30d 20:00",
    currency: "EUR",
    listed: false,
    waiting_room: "on",
    tickets: [{ name: "Standing", price: 20, ...sale }],
  };
  const directory = mkdtempSync(join(tmpdir(), "aegis-room-"));
  try {
    const file = join(directory, "events.yaml");
    writeFileSync(file, JSON.stringify({ events: [event] }));
    const env = { ...process.env, DATABASE_URL: process.env.SHOP_DATABASE_URL ?? "" };
    await promisify(execFile)(join(ROOT, ".venv/bin/python"), ["-m", "backend", "events", "apply", file], {
      cwd: ROOT,
      env,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  await expect
    .poll(async () => (await (await api.get(`/api/events/${id}`)).json()).waiting_room)
    .toBe(sale.on_sale_at ? "gathering" : "open");
  return id;
}

/** Takes a place as a customer of their own does, by cookies, and waits until they are let in. */
export async function letIn(api: APIRequestContext, id: number): Promise<void> {
  const place = `/api/events/${id}/place`;
  expect((await api.post(place, { data: {} })).status()).toBe(201);
  await expect.poll(async () => (await (await api.get(place)).json()).state).toBe("admitted");
}
