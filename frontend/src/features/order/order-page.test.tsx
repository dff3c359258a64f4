import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Order } from "#shared/api/types.ts";
import { leaveFor } from "#shared/leave.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { anOrder, inFuture } from "#testing/samples.ts";
import { inTurn, ok, problem, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

vi.mock("#shared/leave.ts", async (original) => ({ ...(await original<object>()), leaveFor: vi.fn() }));

const ID = anOrder().order_id;
const PATH = `/orders/${ID}?token=secret`;
const waiting = anOrder({
  status: "pending",
  tickets: [],
  payment: { status: "processing", failure: null, payment_url: null },
});

test("the page waits for the bank and shows the tickets by itself", async () => {
  const asked = stubApi({
    [`GET /api/orders/${ID}`]: inTurn(
      () => ok(waiting),
      () => ok(anOrder()),
    ),
  });
  visit(PATH);
  await screen.findByRole("heading", { name: "Waiting for the payment" });
  await screen.findByRole("heading", { name: "Your tickets" }, { timeout: 4000 });
  const codes = screen.getAllByRole("img", { name: /Entry code/ });
  expect(codes.map((code) => code.getAttribute("src"))).toEqual([
    "/api/tickets/c0de1.svg?token=t",
    "/api/tickets/c0de2.svg?token=t",
  ]);
  expect(screen.getByRole("link", { name: "Download as PDF" })).toHaveAttribute(
    "href",
    "/api/tickets/c0de1.pdf?token=t",
  );
  expect(screen.getByRole("link", { name: "Add to calendar" })).toHaveAttribute(
    "href",
    anOrder().calendar_url,
  );
  expect(asked.every(({ headers }) => headers.get("authorization") === "Bearer secret")).toBe(true);
  await expectAccessible();
});

test("after a decline the money, the tickets and the way to pay again are told", async () => {
  const declined = anOrder({
    status: "pending",
    tickets: [],
    basket_id: "b-1",
    held_until: inFuture(300_000),
    payment: { status: "failed", failure: "card_declined", payment_url: null },
  });
  const asked = stubApi({
    [`GET /api/orders/${ID}`]: () => ok(declined),
    "POST /api/checkout": () => ok({ payment_url: "https://pay.example/2" }, 202),
  });
  const user = visit(PATH);
  expect(await screen.findByRole("alert")).toHaveTextContent(/You were not charged.*still held until/);
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Pay again" }));
  await waitFor(() => expect(leaveFor).toHaveBeenCalledWith("https://pay.example/2"));
  expect(asked.find(({ method }) => method === "POST")?.body).toMatchObject({
    basket_id: "b-1",
    email: "robin@example.com",
  });
});

test("cancelling names the fee, asks once more, and says that the money comes back", async () => {
  const cancelled = anOrder({
    status: "cancelled",
    refunds: [{ amount: 81, status: "due", reason: "cancelled" }],
  });
  const asked = stubApi({
    [`GET /api/orders/${ID}`]: inTurn(
      () => ok(anOrder()),
      () => ok(cancelled),
    ),
    [`POST /api/orders/${ID}/cancel`]: () => ok(cancelled),
  });
  const user = visit(PATH);
  await user.click(await screen.findByRole("button", { name: "Cancel the order" }));
  const dialog = screen.getByRole("dialog", { name: "Cancel all tickets of this order?" });
  expect(dialog).toHaveTextContent("You get back €81.00: the price less a fee of €9.00.");
  expect(asked.some(({ method }) => method === "POST")).toBe(false);
  await user.click(within(dialog).getByRole("button", { name: "Cancel the order" }));
  expect(await screen.findByRole("heading", { name: "This order is cancelled" })).toBeVisible();
  expect(screen.getByText(/€81\.00 is on its way back/)).toBeVisible();
});

test("after one of its events is cancelled, an order shows what is left of it and what comes back", async () => {
  const [ticket] = anOrder().tickets;
  const gone = { ...ticket, code: "gone", state: "void", event_name: "Cancelled Night" };
  const kept = { ...ticket, price: 5 };
  const order = anOrder({
    total: 50,
    tickets: [gone, kept] as Order["tickets"],
    refunds: [{ amount: 45, status: "done", reason: "event_cancelled" }],
    cancellation_refund: 4.5,
    cancellation_fee: 0.5,
  });
  stubApi({ [`GET /api/orders/${ID}`]: () => ok(order) });
  visit(PATH);
  expect(await screen.findByText(/^1 ticket, €5\.00 paid/)).toBeVisible();
  expect(screen.getByText("€45.00 was paid back to the card you paid with.")).toBeVisible();
  expect(screen.getByRole("img", { name: "Entry code of ticket 1 of 1" })).toHaveAttribute(
    "src",
    kept.svg_url,
  );
  const [, last] = screen.getAllByRole("listitem");
  expect(last).toHaveTextContent(/No longer valid.*Cancelled Night/);
  expect(within(last as HTMLElement).queryByRole("img")).not.toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Download as PDF" })).toHaveAttribute("href", kept.pdf_url);
  expect(screen.getByRole("region", { name: "Cancelling" })).toHaveTextContent(
    "You get back €4.50: the price less a fee of €0.50.",
  );
  await expectAccessible();
});

test("an order that can no longer be cancelled offers no button for it", async () => {
  stubApi({ [`GET /api/orders/${ID}`]: () => ok(anOrder({ cancellable: false })) });
  visit(PATH);
  expect(await screen.findByText("This order can no longer be cancelled.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Cancel the order" })).not.toBeInTheDocument();
});

test("a wrong token opens nothing and says which link does", async () => {
  stubApi({ [`GET /api/orders/${ID}`]: () => problem("unauthorized", 401) });
  visit(`/orders/${ID}?token=guess`);
  expect(await screen.findByRole("heading", { name: "This link does not open an order" })).toBeVisible();
});
