import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { expectAccessible } from "#testing/accessible.ts";
import { aBasket, anEvent, aTicketType, inFuture } from "#testing/samples.ts";
import { inTurn, ok, problem, type Routes, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

function shop(event: unknown, more: Routes = {}) {
  return stubApi({
    "GET /api/events/1": () => ok(event),
    "GET /api/basket": () => ok(aBasket()),
    "POST /api/basket": () => ok(aBasket(), 201),
    ...more,
  });
}

test("tickets of two types are held by one click, each with its own key, and the basket opens", async () => {
  const types = [aTicketType(), aTicketType({ id: 12, name: "Balcony", price: 60 })];
  const asked = shop(anEvent({ ticket_types: types }));
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "One more, Standing" }));
  await user.click(screen.getByRole("button", { name: "One more, Standing" }));
  await user.click(screen.getByRole("button", { name: "One more, Balcony" }));
  expect(screen.getByText("€150.00")).toBeVisible();
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Hold 3 tickets" }));
  await screen.findByRole("heading", { name: "Your basket" });
  const holds = asked.filter(({ method }) => method === "POST");
  expect(holds.map(({ body }) => body)).toEqual([
    { event_id: 1, ticket_type_id: 11, quantity: 2 },
    { event_id: 1, ticket_type_id: 12, quantity: 1 },
  ]);
  expect(new Set(holds.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(2);
});

test("a hold that got no clear answer is asked again under the same key", async () => {
  const asked = shop(anEvent(), {
    "POST /api/basket": inTurn(
      () => problem("unavailable", 503),
      () => ok(aBasket(), 201),
    ),
  });
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "Hold 1 ticket" }));
  await screen.findByRole("heading", { name: "Your basket" });
  const keys = asked
    .filter(({ method }) => method === "POST")
    .map(({ headers }) => headers.get("idempotency-key"));
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

test("a refused hold says what is left and that nothing was charged", async () => {
  shop(anEvent(), { "POST /api/basket": () => problem("sold-out", 409, { detail: "Only 1 left." }) });
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "One more, Standing" }));
  await user.click(screen.getByRole("button", { name: "Hold 2 tickets" }));
  expect(await screen.findByRole("alert")).toHaveTextContent(
    /Not enough tickets are left.*Only 1 left\..*Nothing was held or charged/,
  );
});

test("when only the first of two types can be held, the page says so and asks no more for it", async () => {
  const types = [aTicketType(), aTicketType({ id: 12, name: "Balcony", price: 60 })];
  shop(anEvent({ ticket_types: types }), {
    "POST /api/basket": inTurn(
      () => ok(aBasket(), 201),
      () => problem("sold-out", 409, { detail: "Sold out." }),
    ),
  });
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "One more, Standing" }));
  await user.click(screen.getByRole("button", { name: "One more, Balcony" }));
  await user.click(screen.getByRole("button", { name: "Hold 2 tickets" }));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent(/Only a part is held.*What is held is in your basket; nothing was charged/);
  expect(within(alert).getByRole("link", { name: "See what is held" })).toHaveAttribute("href", "/basket");
  expect(screen.getByRole("button", { name: "Hold 1 ticket" })).toBeEnabled();
  expect(screen.getByText("€60.00", { selector: "output" })).toBeVisible();
});

test("no more can be chosen than one order may have or than are left", async () => {
  shop(anEvent({ ticket_types: [aTicketType({ max_per_order: 4, available: 2 })] }));
  const user = visit("/events/1");
  const more = await screen.findByRole("button", { name: "One more, Standing" });
  await user.click(more);
  await user.click(more);
  expect(screen.getByRole("button", { name: "Hold 2 tickets" })).toBeEnabled();
  expect(more).toHaveAttribute("aria-disabled", "true");
});

test("a sold-out event offers no button and says that held tickets may come back", async () => {
  shop(anEvent({ available_tickets: 0, ticket_types: [aTicketType({ available: 0 })] }));
  visit("/events/1");
  expect(await screen.findByText("Sold out at the moment")).toBeVisible();
  expect(screen.queryByRole("button", { name: /Hold/ })).not.toBeInTheDocument();
  await expectAccessible();
});

test("the sale opens by the server's clock, without asking again", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const opens = inFuture(3_000);
  const asked = shop(anEvent({ on_sale_at: opens, ticket_types: [aTicketType({ on_sale_at: opens })] }));
  visit("/events/1");
  await screen.findByText(/The sale opens on/);
  expect(screen.queryByRole("button", { name: /Hold/ })).not.toBeInTheDocument();
  const before = asked.length;
  await act(() => vi.advanceTimersByTimeAsync(3_500));
  expect(screen.getByRole("button", { name: "Hold 1 ticket" })).toBeEnabled();
  expect(asked).toHaveLength(before);
  vi.useRealTimers();
});

test("a cancelled event sells nothing and says what becomes of the money", async () => {
  shop(anEvent({ status: "cancelled" }));
  visit("/events/1");
  expect(await screen.findByText("This event is cancelled")).toBeVisible();
  expect(screen.getByText(/refunded in full/)).toBeVisible();
  expect(screen.queryByRole("button", { name: /Hold/ })).not.toBeInTheDocument();
});

test("an event that does not exist leads back to the list", async () => {
  stubApi({ "GET /api/events/1": () => problem("not-found", 404) });
  visit("/events/1");
  expect(await screen.findByRole("heading", { name: "This event is not on" })).toBeVisible();
  expect(screen.getByRole("link", { name: "See what is on" })).toHaveAttribute("href", "/");
});

class Stream {
  static last: Stream;
  onopen: () => void = () => {};
  onmessage: (message: { data: string }) => void = () => {};
  onerror: () => void = () => {};
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    Stream.last = this;
  }
  close() {}
}

test("availability follows the stream", async () => {
  vi.stubGlobal("EventSource", Stream);
  shop(anEvent());
  visit("/events/1");
  await screen.findByRole("button", { name: "Hold 1 ticket" });
  expect(Stream.last.url).toBe("/api/events/1/stream");
  act(() =>
    Stream.last.onmessage({
      data: '{"available_tickets":0,"ticket_types":[{"id":11,"available":0}],"seats_version":null}',
    }),
  );
  expect(await screen.findByText("Sold out at the moment")).toBeVisible();
  vi.unstubAllGlobals();
});

test("where the stream fails the page asks again every ten seconds", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("EventSource", Stream);
  const full = () => ok(anEvent());
  const few = () => ok(anEvent({ ticket_types: [aTicketType({ available: 5 })] }));
  const asked = shop(anEvent(), { "GET /api/events/1": inTurn(full, full, few) });
  const reads = () => asked.filter(({ path }) => path === "/api/events/1");
  visit("/events/1");
  await screen.findByRole("button", { name: "Hold 1 ticket" });
  act(() => Stream.last.onopen());
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(reads()).toHaveLength(2);
  act(() => Stream.last.onerror());
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await waitFor(() => expect(screen.getByText("5 left")).toBeVisible());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
