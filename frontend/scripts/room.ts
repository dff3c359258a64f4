/** Fills an event's waiting room, so that a page in it looks as it does when many come. */
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "@playwright/test";

const AT_ONCE = 50;

/** So many customers take a place, each of their own: they bring no cookie. */
export async function fillRoom(shop: string, event: string, customers: number): Promise<void> {
  const { id } = await find(shop, event);
  const takePlaces = async () => {
    for (let taken = 0; taken < customers / AT_ONCE; taken += 1) {
      const answer = await fetch(`${shop}/api/events/${id}/place`, { method: "POST" });
      if (answer.status !== 201) {
        throw new Error(`no place in the room: ${answer.status} ${await answer.text()}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takePlaces));
}

export async function takePlace(page: Page, shop: string, event: string): Promise<void> {
  await page.goto(shop);
  await page.getByRole("link", { name: event, exact: true }).click();
  await page.getByRole("button", { name: "Take a place" }).click();
}

/** Waits for the opening: who takes a place before it and is not heard of until then is passed over. */
export async function untilOpen(shop: string, event: string): Promise<void> {
  while ((await find(shop, event)).waiting_room !== "open") {
    await pause(1000);
  }
}

async function find(shop: string, event: string): Promise<{ id: number; waiting_room: string }> {
  const { events } = await (await fetch(`${shop}/api/events`)).json();
  return events.find(({ name }: { name: string }) => name === event);
}
