import { act, cleanup, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { leaveFor } from "#shared/leave.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { aBasket, anOrder } from "#testing/samples.ts";
import { inTurn, ok, problem, type Routes, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

vi.mock("#shared/leave.ts", async (original) => ({ ...(await original<object>()), leaveFor: vi.fn() }));

const PENDING = {
  order_id: "o-1",
  order_token: "secret",
  status: "pending",
  payment_url: "https://pay.example/1",
};

function till(more: Routes = {}) {
  const asked = stubApi({
    "GET /api/basket": () => ok(aBasket()),
    "POST /api/checkout": () => ok(PENDING, 202),
    ...more,
  });
  return { asked, payments: () => asked.filter(({ path }) => path === "/api/checkout") };
}

test("the total, the fee and the last day to cancel stand there before paying", async () => {
  till();
  visit("/checkout");
  expect(await screen.findByRole("button", { name: "Pay €90.00" })).toBeVisible();
  expect(screen.getByRole("list", { name: "Cancelling" })).toHaveTextContent(/27 April 2030.*a fee of 10%/);
  await expectAccessible();
});

test("paying names the basket and the prices that were seen, then leaves for the pay page", async () => {
  const { payments } = till();
  const user = visit("/checkout");
  await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
  await user.dblClick(screen.getByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(leaveFor).toHaveBeenCalledWith("https://pay.example/1"));
  expect(payments().map(({ body }) => body)).toEqual([
    {
      basket_id: aBasket().basket_id,
      email: "robin@example.com",
      payment: { method: "hosted" },
      items: [{ event_id: 1, ticket_type_id: 11, quantity: 2, price: 45 }],
    },
  ]);
});

test("who comes back from the pay page by the browser's button can pay again", async () => {
  const { payments } = till();
  const user = visit("/checkout");
  await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await screen.findByRole("button", { name: "One moment…" });
  await waitFor(() => expect(leaveFor).toHaveBeenCalled());
  act(() => void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await user.click(await screen.findByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(payments()).toHaveLength(2));
});

test("the same form after the page was loaded again is the same attempt", async () => {
  const { payments } = till();
  for (const _ of [1, 2]) {
    const user = visit("/checkout");
    await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
    await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
    await screen.findByRole("button", { name: "One moment…" });
    cleanup();
  }
  const [first, second] = payments().map(({ headers }) => headers.get("idempotency-key"));
  expect(first).toBe(second);
});

test("after a declined payment the same form is a new attempt", async () => {
  const { payments } = till({
    "POST /api/checkout": inTurn(
      () => problem("payment-declined", 402),
      () => ok(PENDING, 202),
    ),
  });
  const user = visit("/checkout");
  await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await screen.findByText("The payment was declined");
  await user.click(await screen.findByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(payments()).toHaveLength(2));
  const [first, second] = payments().map(({ headers }) => headers.get("idempotency-key"));
  expect(first).not.toBe(second);
});

test("who has ordered already and pays again is led to the order", async () => {
  till({
    "POST /api/checkout": inTurn(
      () => ok(PENDING, 202),
      () => problem("basket-bought", 409),
    ),
    "GET /api/orders/o-1": () => ok(anOrder({ order_id: "o-1" })),
  });
  const user = visit("/checkout");
  const email = await screen.findByLabelText("E-mail");
  await user.type(email, "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await screen.findByRole("button", { name: "One moment…" });
  act(() => void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await user.type(email, ".org");
  await user.click(await screen.findByRole("button", { name: "Pay €90.00" }));
  expect(await screen.findByRole("heading", { name: "Your tickets" })).toBeVisible();
  expect(location.search).toBe("?token=secret");
});

test("without an e-mail the form says what is missing and asks the server nothing", async () => {
  const { payments } = till();
  const user = visit("/checkout");
  await user.click(await screen.findByRole("button", { name: "Pay €90.00" }));
  const email = screen.getByLabelText("E-mail");
  expect(email).toHaveFocus();
  expect(email).toHaveAccessibleDescription(/Enter your e-mail address, or keep the link/);
  expect(payments()).toHaveLength(0);
  await expectAccessible();
});

test("who keeps the link gives no e-mail", async () => {
  const { payments } = till();
  const user = visit("/checkout");
  await user.click(await screen.findByRole("checkbox", { name: /I keep the link/ }));
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(payments()).toHaveLength(1));
  expect(payments()[0]?.body).not.toHaveProperty("email");
});

test("a second try after a lost answer has the first one's key, a corrected form a new one", async () => {
  const lost = () => problem("unavailable", 503);
  const { payments } = till({
    "POST /api/checkout": inTurn(lost, lost, lost, lost, lost, lost, () => ok(PENDING, 202)),
  });
  const user = visit("/checkout");
  const email = await screen.findByLabelText("E-mail");
  await user.type(email, "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("you pay only once");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(payments()).toHaveLength(6));
  await screen.findByRole("alert");
  await user.type(email, ".org");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  await waitFor(() => expect(payments()).toHaveLength(7));
  const keys = payments().map(({ headers }) => headers.get("idempotency-key"));
  expect(new Set(keys.slice(0, 6)).size).toBe(1);
  expect(keys[6]).not.toBe(keys[0]);
});

test("a changed price is shown instead of charged", async () => {
  till({
    "GET /api/basket": inTurn(
      () => ok(aBasket()),
      () => ok(aBasket({ total: 100 })),
    ),
    "POST /api/checkout": () => problem("price-changed", 409),
  });
  const user = visit("/checkout");
  await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Pay €90.00" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The price has changed");
  expect(await screen.findByRole("button", { name: "Pay €100.00" })).toBeVisible();
});

test("who comes back to the checkout after paying reads where the tickets are, not that they are gone", async () => {
  till({ "GET /api/basket": () => problem("basket-expired", 409) });
  visit("/checkout");
  expect(await screen.findByRole("heading", { name: "Nothing is held for you" })).toBeVisible();
  expect(screen.getByText(/If you paid, your tickets are in .* If not, nothing was charged/)).toBeVisible();
  await expectAccessible();
});

test("free tickets are there at once", async () => {
  till({
    "GET /api/basket": () => ok(aBasket({ total: 0 })),
    "POST /api/checkout": () =>
      ok({ order_id: "o-1", order_token: "secret", status: "paid", payment_url: null }),
    "GET /api/orders/o-1": ({ headers }) =>
      headers.get("authorization") === "Bearer secret"
        ? ok(anOrder({ order_id: "o-1", total: 0 }))
        : problem("unauthorized", 401),
  });
  const user = visit("/checkout");
  await user.type(await screen.findByLabelText("E-mail"), "robin@example.com");
  await user.click(screen.getByRole("button", { name: "Get the tickets" }));
  expect(await screen.findByRole("heading", { name: "Your tickets" })).toBeVisible();
  expect(location.search).toBe("?token=secret");
});
