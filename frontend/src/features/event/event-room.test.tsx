import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { EventDetail } from "#shared/api/types.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { aBasket, anEvent, aPlace, aTicketType, inFuture, someSeats } from "#testing/samples.ts";
import { type Asked, inTurn, ok, problem, type Routes, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

const PLACE = "/api/events/1/place";
const NO_PLACE = () => problem("no-place", 404);
const ADMITTED = () => ok(admitted(300_000));

function admitted(ms: number) {
  return aPlace({ state: "admitted", position: null, admission_expires_at: inFuture(ms) });
}

function shop(part: Partial<EventDetail>, more: Routes = {}): Asked[] {
  return stubApi({
    "GET /api/events/1": () => ok(anEvent({ waiting_room: "open", ...part })),
    "GET /api/basket": () => ok(aBasket()),
    [`POST ${PLACE}`]: () => ok(aPlace(), 201),
    ...more,
  });
}

/** As a browser that took a place earlier. */
function withPlace() {
  localStorage.setItem("place-1", "0");
}

afterEach(() => {
  vi.useRealTimers();
});

test("where customers are let in one after another, buying begins with a place", async () => {
  const asked = shop({});
  const user = visit("/events/1");
  const take = await screen.findByRole("button", { name: "Take a place" });
  expect(screen.getByText("Tickets are sold in turn")).toBeVisible();
  expect(screen.queryByRole("button", { name: /Hold|One more/ })).not.toBeInTheDocument();
  expect(asked.some(({ path }) => path === PLACE)).toBe(false);
  await expectAccessible();
  await user.click(take);
  expect(await screen.findByText("Your number in line")).toBeVisible();
  expect(location.pathname).toBe("/events/1/queue");
});

test("before the opening the page says that the order is drawn, and does not promise to open by itself", async () => {
  const on_sale_at = inFuture(600_000);
  shop({ waiting_room: "gathering", on_sale_at, ticket_types: [aTicketType({ on_sale_at })] });
  visit("/events/1");
  expect(await screen.findByRole("button", { name: "Take a place" })).toBeVisible();
  expect(screen.getByText(/drawn by lot among all who have one/)).toBeVisible();
  expect(screen.queryByText(/opens it by itself/)).not.toBeInTheDocument();
});

test("a hold that meets a waiting room leads there, and what was chosen is there when it is the visitor's turn", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const types = [aTicketType(), aTicketType({ id: 12, name: "Balcony", price: 60 })];
  const free = () => ok(anEvent({ ticket_types: types }));
  const open = () => ok(anEvent({ ticket_types: types, waiting_room: "open" }));
  const asked = shop(
    {},
    {
      "GET /api/events/1": inTurn(free, open),
      "POST /api/basket": inTurn(
        () => problem("waiting-room", 409, { place_url: PLACE }),
        () => ok(aBasket(), 201),
      ),
      [`GET ${PLACE}`]: ADMITTED,
    },
  );
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "One more, Standing" }));
  await user.click(screen.getByRole("button", { name: "One more, Balcony" }));
  await user.click(screen.getByRole("button", { name: "One more, Balcony" }));
  await user.click(screen.getByRole("button", { name: "Hold 3 tickets" }));
  expect(await screen.findByText("Your number in line")).toBeVisible();
  await act(() => vi.advanceTimersByTimeAsync(3000));
  await user.click(await screen.findByRole("button", { name: "Hold 3 tickets" }));
  await screen.findByRole("heading", { name: "Your basket" });
  const holds = asked.filter(({ method, path }) => method === "POST" && path === "/api/basket");
  expect(holds.slice(1).map(({ body }) => body)).toEqual([
    { event_id: 1, ticket_type_id: 11, quantity: 1 },
    { event_id: 1, ticket_type_id: 12, quantity: 2 },
  ]);
  expect(sessionStorage.getItem("choice-1")).toBeNull();
});

test("chosen seats are kept on the way to the waiting room and back", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const seated = { seated: true, ticket_types: [aTicketType({ seated: true })] } as const;
  shop(
    {},
    {
      "GET /api/events/1": inTurn(
        () => ok(anEvent(seated)),
        () => ok(anEvent({ ...seated, waiting_room: "open" })),
      ),
      "GET /api/events/1/seats": () => ok({ seats: someSeats(4), currency: "EUR", version: 1 }),
      "POST /api/basket": () => problem("waiting-room", 409, { place_url: PLACE }),
      [`GET ${PLACE}`]: ADMITTED,
    },
  );
  const user = visit("/events/1");
  await user.click(await screen.findByRole("checkbox", { name: /^Row A seat 2/ }));
  await user.click(screen.getByRole("button", { name: "Hold 1 seat" }));
  expect(await screen.findByText("Your number in line")).toBeVisible();
  await act(() => vi.advanceTimersByTimeAsync(3000));
  expect(await screen.findByRole("button", { name: "Hold 1 seat" })).toBeEnabled();
  expect(screen.getByRole("checkbox", { name: /^Row A seat 2/ })).toBeChecked();
});

test("whoever waits sees their number on the event's page too, and is let in there", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  withPlace();
  shop({}, { [`GET ${PLACE}`]: inTurn(() => ok(aPlace()), ADMITTED) });
  visit("/events/1");
  expect(await screen.findByRole("link", { name: "Go to your place" })).toHaveAttribute(
    "href",
    "/events/1/queue",
  );
  expect(screen.getByText("Number 12")).toBeVisible();
  await expectAccessible();
  await act(() => vi.advanceTimersByTimeAsync(3000));
  expect(await screen.findByRole("button", { name: "Hold 1 ticket" })).toBeEnabled();
});

test("when the time to choose is over the page says so and offers a new place", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  withPlace();
  shop({}, { [`GET ${PLACE}`]: () => ok(admitted(5000)) });
  visit("/events/1");
  await screen.findByRole("button", { name: "Hold 1 ticket" });
  await act(() => vi.advanceTimersByTimeAsync(7000));
  expect(screen.getByText("Your place has run out")).toBeVisible();
  expect(screen.getByRole("button", { name: "Take a new place" })).toBeEnabled();
  expect(screen.queryByRole("button", { name: /^Hold/ })).not.toBeInTheDocument();
  expect(document.title).toBe("Jazz Night · AegisTickets");
  await expectAccessible();
});

test("a hold a moment too late is told so, not sent to the end of the line", async () => {
  withPlace();
  const asked = shop(
    {},
    {
      [`GET ${PLACE}`]: inTurn(ADMITTED, () => ok(aPlace({ state: "expired", position: null }))),
      "POST /api/basket": () => problem("waiting-room", 409),
    },
  );
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "Hold 1 ticket" }));
  expect(await screen.findByText("Your place has run out")).toBeVisible();
  expect(asked.some(({ method, path }) => method === "POST" && path === PLACE)).toBe(false);
});

test("whoever holds tickets for something else hears of it before they lose them from sight", async () => {
  withPlace();
  localStorage.setItem("basket-until", inFuture(300_000));
  const item = { ...aBasket().items[0], event_id: 2 };
  shop({}, { "GET /api/basket": () => ok({ ...aBasket(), items: [item] }), [`GET ${PLACE}`]: ADMITTED });
  visit("/events/1");
  expect(await screen.findByText("You hold 2 tickets for something else")).toBeVisible();
  expect(screen.getByRole("link", { name: "Pay for them first" })).toHaveAttribute("href", "/checkout");
});

test("whoever may have a place is not asked to take one before that is known", async () => {
  withPlace();
  shop({}, { [`GET ${PLACE}`]: () => new Promise<Response>(() => {}) });
  visit("/events/1");
  await screen.findByRole("heading", { name: "Jazz Night" });
  expect(screen.queryByRole("button", { name: /Take a place|Hold/ })).not.toBeInTheDocument();
});

test("once nothing is left the page says so and leads to other events", async () => {
  shop({ waiting_room: "closed", available_tickets: 0, ticket_types: [aTicketType({ available: 0 })] });
  visit("/events/1");
  const tickets = await screen.findByRole("region", { name: "Tickets" });
  expect(within(tickets).getByText(/All tickets have been bought/)).toBeVisible();
  expect(within(tickets).getByRole("link", { name: "See what else is on" })).toHaveAttribute("href", "/");
  expect(screen.queryByRole("button", { name: "Take a place" })).not.toBeInTheDocument();
  expect(screen.queryByText("Sold out at the moment")).not.toBeInTheDocument();
});

test("a place that the shop does not know any more is forgotten, and a new one offered", async () => {
  withPlace();
  shop({}, { [`GET ${PLACE}`]: NO_PLACE });
  visit("/events/1");
  expect(await screen.findByRole("button", { name: "Take a place" })).toBeVisible();
  await waitFor(() => expect(localStorage.getItem("place-1")).toBeNull());
});
