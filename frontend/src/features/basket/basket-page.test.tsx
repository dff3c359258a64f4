import { act, screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { expectAccessible } from "#testing/accessible.ts";
import { aBasket, inFuture } from "#testing/samples.ts";
import { inTurn, ok, problem, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

test("the basket says what is held, until when, and what it costs", async () => {
  stubApi({ "GET /api/basket": () => ok(aBasket()) });
  visit("/basket");
  expect(await screen.findByText(/held until/)).toHaveTextContent("2 tickets held until");
  expect(screen.getByRole("listitem")).toHaveTextContent(/Jazz Night.*2 tickets, Standing.*€90\.00/);
  expect(screen.getByRole("link", { name: "Go to checkout" })).toHaveAttribute("href", "/checkout");
  await expectAccessible();
});

test("the countdown is calm until five minutes, then says so in words, aloud too", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  stubApi({ "GET /api/basket": () => ok(aBasket({ expires_at: inFuture(5 * 60_000 + 3_000) })) });
  visit("/basket");
  await screen.findByText(/held until/);
  expect(screen.queryByText(/minutes left/)).not.toBeInTheDocument();
  await act(() => vi.advanceTimersByTimeAsync(4_000));
  expect(screen.getByText("5 minutes left")).toBeVisible();
  expect(screen.getByText("5 minutes left to pay for your tickets.")).toBeInTheDocument();
  vi.useRealTimers();
});

test("when the time is over the page says where the tickets and the money are", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  stubApi({
    "GET /api/basket": inTurn(
      () => ok(aBasket({ expires_at: inFuture(2_000) })),
      () => problem("basket-expired", 409),
    ),
  });
  visit("/basket");
  await screen.findByText(/held until/);
  await act(() => vi.advanceTimersByTimeAsync(3_000));
  expect(await screen.findByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
  expect(screen.getByText(/If you paid, your tickets are in .* If not, nothing was charged/)).toBeVisible();
  vi.useRealTimers();
});

test("more time can be had once", async () => {
  stubApi({
    "GET /api/basket": inTurn(
      () => ok(aBasket()),
      () => ok(aBasket({ extended: true })),
    ),
    "POST /api/basket/extend": () => ok({}),
  });
  const user = visit("/basket");
  await user.click(await screen.findByRole("button", { name: "I need more time" }));
  await vi.waitFor(() =>
    expect(screen.queryByRole("button", { name: "I need more time" })).not.toBeInTheDocument(),
  );
});

test("giving everything back is asked once more before it is done", async () => {
  const asked = stubApi({
    "GET /api/basket": inTurn(
      () => ok(aBasket()),
      () => problem("not-found", 404),
    ),
    "DELETE /api/basket": () => new Response(null, { status: 204 }),
  });
  const user = visit("/basket");
  await user.click(await screen.findByRole("button", { name: "Give the tickets back" }));
  const dialog = screen.getByRole("dialog", { name: "Give back 2 tickets?" });
  expect(asked.some(({ method }) => method === "DELETE")).toBe(false);
  await user.click(within(dialog).getByRole("button", { name: "Give back" }));
  expect(await screen.findByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
});
