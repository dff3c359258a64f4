import { letIn, publishWithRoom, ROOM_EVENT } from "./rooms.ts";
import { expect, test } from "./visitor.ts";

test.skip(() => !process.env.SHOP_DATABASE_URL, "needs the database of the shop, to publish an event");

test("a visitor waits, loses nothing by a reload or a second tab, is let in, and holds what is left", async ({
  page,
  context,
  playwright,
}) => {
  const id = await publishWithRoom(page.request, { capacity: 2 });
  const newCustomer = () => playwright.request.newContext({ baseURL: process.env.SHOP_URL ?? "" });
  const one = await newCustomer();
  const other = await newCustomer();
  // As many as there are tickets: until one of them has used their turn, nobody else is let in.
  await Promise.all([letIn(one, id), letIn(other, id)]);
  await page.goto(`/events/${id}`);
  await expect(page.getByRole("button", { name: /^Hold/ })).toBeHidden();
  await page.getByRole("button", { name: "Take a place" }).click();
  await expect(page.getByText("You are next", { exact: true })).toBeVisible();
  await expect(page).toHaveTitle(/^Next in line: Late Trains/);
  await page.reload();
  await expect(page.getByText("You are next", { exact: true })).toBeVisible();
  const tab = await context.newPage();
  await tab.goto(`/events/${id}/queue`);
  await expect(tab.getByText("1 person waits in all.")).toBeVisible();

  const held = await one.post("/api/basket", { data: { event_id: id, quantity: 1 } });
  expect(held.status()).toBe(201);
  expect((await one.delete("/api/basket")).status()).toBe(204);
  for (const each of [page, tab]) {
    await expect(each.getByText(/^Your turn to choose until/)).toBeVisible();
    await expect(each).toHaveTitle(/^Your turn: Late Trains/);
  }
  await page.getByRole("button", { name: "Hold 1 ticket" }).click();
  await expect(page.getByRole("heading", { name: "Your basket" })).toBeVisible();
  await expect(page.getByRole("link", { name: ROOM_EVENT })).toBeVisible();
  await Promise.all([one.dispose(), other.dispose(), tab.close()]);
});
