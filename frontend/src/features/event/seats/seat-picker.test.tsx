import { screen, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Seat } from "#shared/api/types.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { aBasket, anEvent, someSeats } from "#testing/samples.ts";
import { inTurn, ok, problem, type Routes, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

function hall(seats: readonly Seat[], more: Routes = {}) {
  return stubApi({
    "GET /api/events/1": () => ok(anEvent({ seated: true })),
    "GET /api/events/1/seats": () => ok({ seats, version: 1 }),
    "GET /api/basket": () => ok(aBasket()),
    "POST /api/basket": () => ok(aBasket(), 201),
    ...more,
  });
}

function seat(name: string): Promise<HTMLElement> {
  return screen.findByRole("checkbox", { name: new RegExp(`^${name},`) });
}

async function tabToTheHall(user: UserEvent): Promise<void> {
  await seat("Row A seat 1");
  for (
    let presses = 0;
    presses < 30 && document.activeElement?.getAttribute("type") !== "checkbox";
    presses += 1
  ) {
    await user.tab();
  }
}

test("seats are chosen and held by keyboard alone", async () => {
  const asked = hall(someSeats(4));
  const user = visit("/events/1");
  await tabToTheHall(user);
  expect(await seat("Row A seat 1")).toHaveFocus();
  await user.keyboard("{ArrowRight} {ArrowDown}{End} ");
  expect(await seat("Row A seat 2")).toBeChecked();
  expect(await seat("Row B seat 4")).toBeChecked();
  await user.keyboard("{ArrowLeft}");
  await user.tab();
  await user.tab({ shift: true });
  expect(await seat("Row B seat 3")).toHaveFocus();
  screen.getByRole("button", { name: "Hold 2 seats" }).focus();
  await user.keyboard("{Enter}");
  await screen.findByRole("heading", { name: "Your basket" });
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({ event_id: 1, seat_ids: [2, 8] });
});

test("each seat says where it is, what it costs and whether it can be had", async () => {
  hall(someSeats(2, ({ id }) => ({ state: id === 2 ? "sold" : id === 3 ? "held" : "free" })));
  visit("/events/1");
  expect(await seat("Row A seat 1")).toHaveAccessibleName("Row A seat 1, 45.00 EUR, available");
  expect(await seat("Row A seat 2")).toHaveAccessibleName("Row A seat 2, 45.00 EUR, sold");
  expect(await seat("Row B seat 1")).toHaveAccessibleName("Row B seat 1, 45.00 EUR, held by someone");
  expect(screen.getByRole("group", { name: "Stalls, row A" })).toBeInTheDocument();
  await expectAccessible();
});

test("a taken seat can be reached and heard, but not chosen", async () => {
  hall(someSeats(2, ({ id }) => ({ state: id === 2 ? "sold" : "free" })));
  const user = visit("/events/1");
  await tabToTheHall(user);
  await user.keyboard("{ArrowRight} ");
  const taken = await seat("Row A seat 2");
  expect(taken).toHaveFocus();
  expect(taken).toHaveAttribute("aria-disabled", "true");
  expect(taken).not.toBeChecked();
  expect(screen.getByText("This seat is taken.")).toBeInTheDocument();
});

test("the best seats are found by one button, in the chosen number", async () => {
  hall(someSeats(6));
  const user = visit("/events/1");
  await user.click(await screen.findByRole("button", { name: "One more, Best available" }));
  await user.click(screen.getByRole("button", { name: "Choose the best 3 seats" }));
  const chosen = within(screen.getByRole("list", { name: "Chosen seats" })).getAllByRole("listitem");
  expect(chosen.map((item) => item.textContent)).toEqual([
    expect.stringContaining("Row A seat 2"),
    expect.stringContaining("Row A seat 3"),
    expect.stringContaining("Row A seat 4"),
  ]);
  expect(screen.getByText("€135.00")).toBeVisible();
});

test("a chosen seat that someone else takes leaves the choice, and the page says so", async () => {
  const gone = ({ id }: Seat) => ({ state: id === 1 ? "held" : "free" }) as const;
  hall([], {
    "GET /api/events/1/seats": inTurn(
      () => ok({ seats: someSeats(2), version: 1 }),
      () => ok({ seats: someSeats(2, gone), version: 2 }),
    ),
    "POST /api/basket": () => problem("seat-gone", 409),
  });
  const user = visit("/events/1");
  await user.click(await seat("Row A seat 1"));
  await user.click(await seat("Row A seat 2"));
  await user.click(screen.getByRole("button", { name: "Hold 2 seats" }));
  expect(await screen.findByRole("alert")).toHaveTextContent(/Someone was a moment faster.*None was held/);
  expect(await screen.findByText("Row A seat 1 was just taken.")).toBeVisible();
  expect(screen.getByText("Row A seat 1 was just taken. 1 seat still chosen.")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Hold 1 seat" })).toBeEnabled();
});
