import { onlineManager } from "@tanstack/react-query";
import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Place } from "#shared/api/types.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { anEvent, aPlace, inFuture } from "#testing/samples.ts";
import { type Asked, inTurn, ok, problem, type Routes, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

const PLACE = "/api/events/1/place";

/** A shop in which the visitor has a place; these are its answers, one after the other. */
function room(answers: readonly (() => Response)[], more: Routes = {}): Asked[] {
  localStorage.setItem("place-1", "0");
  return stubApi({
    "GET /api/events/1": () => ok(anEvent({ waiting_room: "open" })),
    [`GET ${PLACE}`]: inTurn(...answers),
    ...more,
  });
}

const told =
  (part: Partial<Place> = {}) =>
  () =>
    ok(aPlace(part));
const admitted = told({ state: "admitted", position: null, admission_expires_at: inFuture(300_000) });
const asks = (asked: readonly Asked[]) =>
  asked.filter(({ method, path }) => method === "GET" && path === PLACE);
const seconds = (count: number) => act(() => vi.advanceTimersByTimeAsync(count * 1000));

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

test("in line: the number, about how long, how many wait, what comes next, and a tab that says it", async () => {
  room([told({ position: 1240, waiting: 3000 })]);
  visit("/events/1/queue");
  const card = await screen.findByRole("region", { name: "Your place" });
  expect(within(card).getByText("1,240")).toBeVisible();
  expect(card).toHaveTextContent("Your turn comes in about 2 to 4 minutes.");
  expect(card).toHaveTextContent("1,239 people are before you. 3,000 people wait in all.");
  expect(screen.getByRole("heading", { name: "What happens next" })).toBeVisible();
  expect(screen.getByText(/You may reload this page, .* or close it/)).toBeVisible();
  expect(screen.getByText(/A place is no ticket: 500 left at the moment/)).toBeVisible();
  expect(document.title).toBe("Number 1,240 in line: Jazz Night · AegisTickets");
  await expectAccessible();
});

test("where nobody can say how long it takes, the page does not pretend to know", async () => {
  room([told({ estimate_seconds: null })]);
  visit("/events/1/queue");
  expect(await screen.findByText(/^We cannot say yet how long it takes/)).toBeVisible();
});

test("the way already gone is shown, also after a reload", async () => {
  room([told({ position: 40 }), told({ position: 21 })]);
  visit("/events/1/queue");
  const way = await screen.findByRole("progressbar", { name: "Your way to the front of the line" });
  expect(way).toHaveAttribute("aria-valuenow", "3");
  await seconds(3);
  expect(way).toHaveAttribute("aria-valuenow", "50");
  expect(way).toHaveAttribute("aria-valuetext", "20 people before you");
  expect(localStorage.getItem("place-1")).toBe("40");
});

test("before the opening the page counts down and says that the order is drawn by lot", async () => {
  const opens_at = inFuture(90_000);
  room([told({ state: "gathering", position: null, estimate_seconds: null, opens_at })]);
  visit("/events/1/queue");
  expect(await screen.findByText(/until the sale opens on/)).toBeVisible();
  expect(screen.getByText("40 people have a place so far. The order is drawn by lot.")).toBeVisible();
  expect(screen.getByText(/Coming early gains nothing/)).toBeVisible();
  expect(screen.queryByRole("progressbar")).not.toBeInTheDocument();
  await expectAccessible();
  await seconds(91);
  expect(screen.getByText(/The order is being drawn/)).toBeVisible();
});

test("the shop is asked when it said and not sooner", async () => {
  const asked = room([told({ poll_after_seconds: 10 })]);
  visit("/events/1/queue");
  await screen.findByRole("region", { name: "Your place" });
  await seconds(9);
  expect(asks(asked)).toHaveLength(1);
  await seconds(4);
  expect(asks(asked)).toHaveLength(2);
});

test("a busy shop is left alone for as long as it asks for, and the page says that the place is kept", async () => {
  const limited = () => {
    const answer = problem("too-many-requests", 429);
    answer.headers.set("retry-after", "20");
    return answer;
  };
  const asked = room([told(), limited, told({ position: 3 })]);
  visit("/events/1/queue");
  await screen.findByText("12");
  await seconds(3);
  expect(screen.getByText(/Your place is kept\. This page asks again/)).toBeVisible();
  expect(screen.getByText("12")).toBeVisible();
  await expectAccessible();
  await seconds(18);
  expect(asks(asked)).toHaveLength(2);
  await seconds(6);
  expect(screen.getByText("3")).toBeVisible();
  expect(screen.queryByText(/asks again by itself/)).not.toBeInTheDocument();
});

test("after a time offline the page goes on by itself", async () => {
  const asked = room([told(), told({ position: 2 })]);
  visit("/events/1/queue");
  await screen.findByText("12");
  act(() => onlineManager.setOnline(false));
  await seconds(60);
  expect(asks(asked)).toHaveLength(1);
  act(() => onlineManager.setOnline(true));
  expect(await screen.findByText("2")).toBeVisible();
});

test("screen readers hear of a position at most once a minute", async () => {
  let position = 100;
  room([
    () => {
      position -= 1;
      return ok(aPlace({ position }));
    },
  ]);
  visit("/events/1/queue");
  await screen.findByText("99");
  const spoken: string[] = [];
  const status = screen.getAllByRole("status").at(-1);
  const listen = new MutationObserver(() => spoken.push(status?.textContent ?? ""));
  listen.observe(status as Node, { childList: true, characterData: true, subtree: true });
  expect(status).toHaveTextContent("Number 99 in line. Your turn comes in about 2 to 4 minutes.");
  await seconds(55);
  expect(spoken).toEqual([]);
  await seconds(70);
  expect(spoken).toHaveLength(2);
  listen.disconnect();
});

test("when it is the visitor's turn the page goes on to the tickets, with the time left and a tab that says so", async () => {
  room([told(), admitted]);
  visit("/events/1/queue");
  await screen.findByText("12");
  await seconds(3);
  expect(await screen.findByRole("button", { name: "Hold 1 ticket" })).toBeEnabled();
  expect(location.pathname).toBe("/events/1");
  expect(screen.getByText(/to choose until/)).toHaveTextContent("Your turn to choose until");
  expect(document.title).toBe("Your turn: Jazz Night · AegisTickets");
  expect(screen.getAllByRole("status").at(-1)).toHaveTextContent(
    "It is your turn. You have 5 minutes to choose.",
  );
  await expectAccessible();
});

test("when nobody has to wait any more the page goes on to the tickets", async () => {
  room([told(), told({ state: "not_needed", place: null })], {
    "GET /api/events/1": () => ok(anEvent()),
  });
  visit("/events/1/queue");
  await screen.findByText("12");
  await seconds(3);
  expect(await screen.findByRole("button", { name: "Hold 1 ticket" })).toBeEnabled();
});

test("a place that has run out says so and offers a new one", async () => {
  room([told({ state: "expired", position: null })], {
    [`POST ${PLACE}`]: () => ok(aPlace({ position: 33 }), 201),
  });
  const user = visit("/events/1/queue");
  expect(await screen.findByRole("heading", { name: "Your place has run out" })).toBeVisible();
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Take a new place" }));
  expect(await screen.findByText("33")).toBeVisible();
});

test("sold out: the page says so, leads to other events, and goes on if tickets come back", async () => {
  room([told({ state: "closed", position: null }), told({ position: 4 })]);
  visit("/events/1/queue");
  expect(await screen.findByRole("heading", { name: "Jazz Night is sold out" })).toBeVisible();
  expect(screen.getByRole("link", { name: "See what else is on" })).toHaveAttribute("href", "/");
  await expectAccessible();
  await seconds(3);
  expect(screen.getByText("4")).toBeVisible();
});

test("whoever opens the link without a place is not put in line before they ask for it", async () => {
  const asked = stubApi({
    "GET /api/events/1": () => ok(anEvent({ waiting_room: "open" })),
    [`POST ${PLACE}`]: () => ok(aPlace(), 201),
  });
  const user = visit("/events/1/queue");
  await user.click(await screen.findByRole("button", { name: "Take a place" }));
  expect(await screen.findByText("12")).toBeVisible();
  expect(asked.filter(({ path }) => path === PLACE).map(({ method }) => method)).toEqual(["POST"]);
});

test("a connection with many places is told what it can do", async () => {
  stubApi({
    "GET /api/events/1": () => ok(anEvent({ waiting_room: "open" })),
    [`POST ${PLACE}`]: () => problem("too-many-places", 429),
  });
  const user = visit("/events/1/queue");
  await user.click(await screen.findByRole("button", { name: "Take a place" }));
  expect(await screen.findByRole("alert")).toHaveTextContent(/Many places are taken from your connection/);
});

test("the place is given up only after a question", async () => {
  const asked = room([told()], { [`DELETE ${PLACE}`]: () => new Response(null, { status: 204 }) });
  const user = visit("/events/1/queue");
  await user.click(await screen.findByRole("button", { name: "Give my place up" }));
  const dialog = screen.getByRole("dialog", { name: "Give your place up?" });
  await expectAccessible();
  expect(asked.some(({ method }) => method === "DELETE")).toBe(false);
  await user.click(within(dialog).getByRole("button", { name: "Give it up" }));
  expect(await screen.findByRole("button", { name: "Take a place" })).toBeVisible();
  expect(location.pathname).toBe("/events/1");
  expect(localStorage.getItem("place-1")).toBeNull();
});

test("two tabs share one place: what the other is told shows here, without asking", async () => {
  const asked = room([told({ poll_after_seconds: 15 })]);
  visit("/events/1/queue");
  await screen.findByText("12");
  const otherTab = new BroadcastChannel("place");
  otherTab.postMessage({ eventId: 1, place: aPlace({ position: 7, poll_after_seconds: 15 }) });
  await waitFor(() => expect(screen.getByText("7")).toBeVisible());
  otherTab.close();
  expect(asks(asked)).toHaveLength(1);
});

test("when the event could not be loaded, trying again loads it", async () => {
  const busy = () => problem("unavailable", 503);
  room([told()], {
    "GET /api/events/1": inTurn(busy, busy, busy, () => ok(anEvent({ waiting_room: "open" }))),
  });
  const user = visit("/events/1/queue");
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  expect(await screen.findByText("12")).toBeVisible();
});

test("a shop that does not answer at first is asked again by the visitor or by the page", async () => {
  room([() => problem("unavailable", 503), told()]);
  visit("/events/1/queue");
  expect(await screen.findByRole("alert")).toHaveTextContent("The shop is very busy");
  await seconds(5);
  expect(screen.getByText("12")).toBeVisible();
});
