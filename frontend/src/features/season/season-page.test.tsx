import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { expectAccessible } from "#testing/accessible.ts";
import { anEvent, inFuture } from "#testing/samples.ts";
import { inTurn, ok, problem, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

function pageOf(...events: readonly unknown[]) {
  return { events, count: events.length, total: events.length, page: 1 };
}

test("each event shows its price, how its sale stands and how many tickets are left", async () => {
  const events = [
    anEvent({ name: "Plenty", available_tickets: 12_345 }),
    anEvent({ id: 2, name: "Nearly gone", available_tickets: 3 }),
    anEvent({ id: 3, name: "Gone", available_tickets: 0, price: 0 }),
    anEvent({ id: 4, name: "To come", on_sale_at: inFuture(90_500) }),
    anEvent({ id: 5, name: "Some", available_tickets: 1000 }),
  ];
  stubApi({ "GET /api/events": () => ok(pageOf(...events)) });
  visit("/");
  await screen.findByRole("link", { name: "Plenty" });
  const cards = screen.getAllByRole("listitem");
  const texts = cards.map((card) => card.textContent);
  expect(texts[0]).toMatch(/Plenty.*From €45\.00.*Over 1,000 left/);
  expect(texts[1]).toMatch(/Nearly gone.*3 left/);
  expect(texts[2]).toMatch(/Gone.*Free.*Sold out/);
  expect(texts[3]).toMatch(/To come.*On sale in 1:3\d/);
  expect(texts[4]).toMatch(/Some.*1,000 left/);
  await expectAccessible();
});

test("typing searches without a button, and the search stands in the address", async () => {
  const asked = stubApi({
    "GET /api/events": ({ search }) =>
      ok(search.get("q") === "jazz" ? pageOf(anEvent()) : pageOf(anEvent(), anEvent({ id: 2 }))),
  });
  const user = visit("/");
  await screen.findByText("2 events");
  await user.type(screen.getByRole("searchbox", { name: "Event, artist or venue" }), "jazz");
  await screen.findByText("1 event found");
  expect(location.search).toBe("?q=jazz");
  expect(asked.filter(({ search }) => search.has("q"))).toHaveLength(1);
});

test("a search in the address fills the form, and one link leads back to every event", async () => {
  stubApi({ "GET /api/events": ({ search }) => ok(search.has("city") ? pageOf() : pageOf(anEvent())) });
  const user = visit("/?city=Oslo");
  await screen.findByText("Nothing matches your search");
  expect(screen.getByRole("searchbox", { name: "City" })).toHaveValue("Oslo");
  await user.click(screen.getByRole("link", { name: "Show every event" }));
  await screen.findByText("1 event");
  expect(screen.getByRole("searchbox", { name: "City" })).toHaveValue("");
});

test("when the list cannot be had the page says so and tries again on request", async () => {
  const down = () => problem("unavailable", 503);
  stubApi({ "GET /api/events": inTurn(down, down, down, () => ok(pageOf(anEvent()))) });
  const user = visit("/");
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The shop is very busy");
  await user.click(within(alert).getByRole("button", { name: "Try again" }));
  await screen.findByRole("link", { name: "Jazz Night" });
});

test("a longer list has pages that keep the search", async () => {
  stubApi({ "GET /api/events": () => ok({ ...pageOf(anEvent()), total: 60 }) });
  visit("/?q=jazz&page=2");
  await waitFor(() => expect(screen.getByText("Page 2 of 3")).toBeVisible());
  expect(screen.getByRole("link", { name: "Later events" })).toHaveAttribute("href", "/?q=jazz&page=3");
  expect(screen.getByRole("link", { name: "Earlier events" })).toHaveAttribute("href", "/?q=jazz");
});
