import { onlineManager } from "@tanstack/react-query";
import { act, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { aBasket, anEvent } from "#testing/samples.ts";
import { ok, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

const season = { events: [anEvent()], count: 1, total: 1, page: 1 };

test("a visitor without a basket never asks for one", async () => {
  const asked = stubApi({ "GET /api/events": () => ok(season) });
  visit("/");
  await screen.findByRole("link", { name: "Jazz Night" });
  expect(asked.map(({ path }) => path)).toEqual(["/api/events"]);
});

test("a basket shows its tickets and the time left on every page", async () => {
  localStorage.setItem("basket-until", "soon");
  stubApi({ "GET /api/events": () => ok(season), "GET /api/basket": () => ok(aBasket()) });
  visit("/");
  expect(await screen.findByRole("link", { name: /^Basket: 2 tickets, (10:00|9:5\d) left$/ })).toBeVisible();
});

test("being offline is said, with what it means for held tickets, until the connection is back", async () => {
  stubApi({ "GET /api/events": () => ok(season) });
  visit("/");
  act(() => onlineManager.setOnline(false));
  expect(await screen.findByText(/You are offline\. Tickets in your basket stay held/)).toBeVisible();
  act(() => onlineManager.setOnline(true));
  expect(screen.queryByText(/You are offline/)).not.toBeInTheDocument();
});

test("after a change of page the new heading has the focus and names the tab", async () => {
  stubApi({ "GET /api/events": () => ok(season), "GET /api/events/1": () => ok(anEvent()) });
  const user = visit("/");
  await user.click(await screen.findByRole("link", { name: "Jazz Night" }));
  expect(await screen.findByRole("heading", { name: "Jazz Night", level: 1 })).toHaveFocus();
  expect(document.title).toBe("Jazz Night · AegisTickets");
});

test("an unknown address says so and leads back", async () => {
  stubApi({});
  visit("/events/abc");
  expect(await screen.findByRole("heading", { name: "There is no page here" })).toBeVisible();
});
