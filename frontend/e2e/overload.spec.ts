import { EVENTS, expect, goToPayPage, open, payWith, test } from "./visitor.ts";

const BUSY = {
  status: 503,
  headers: { "retry-after": "1" },
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: "/problems/unavailable",
    title: "The shop is too busy right now",
    status: 503,
  }),
};

for (const { when, carriedOut } of [
  { when: "before it was carried out", carriedOut: false },
  { when: "after it was carried out", carriedOut: true },
]) {
  test(`the second of two holds is answered 503 ${when}, and the visitor ends with one ticket of each`, async ({
    page,
  }) => {
    const held: { readonly at: number; readonly key: string; readonly type: number }[] = [];
    await page.route("**/api/basket", async (route) => {
      const request = route.request();
      if (request.method() !== "POST") {
        return route.continue();
      }
      const key = (await request.headerValue("idempotency-key")) ?? "";
      held.push({ at: Date.now(), key, type: request.postDataJSON().ticket_type_id });
      if (held.length !== 2) {
        return route.continue();
      }
      if (carriedOut) {
        expect((await route.fetch()).status()).toBe(201);
      }
      return route.fulfill(BUSY);
    });
    await open(page, EVENTS.twoNights);
    await page.getByRole("button", { name: "One more, First night" }).click();
    await page.getByRole("button", { name: "One more, Second night" }).click();
    await page.getByRole("button", { name: "Hold 2 tickets" }).click();
    await expect(page.getByRole("heading", { name: "Your basket" })).toBeVisible();

    const [first, second] = held;
    expect(held.map(({ key, type }) => ({ key, type }))).toEqual(
      [first, second, first, second].map((each) => ({ key: each?.key, type: each?.type })),
    );
    // Not before the shop asked for it.
    expect((held[2]?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    await expect(page.getByRole("listitem")).toHaveText([/First night/, /Second night/]);
    await expect(page.getByText("2 tickets held until")).toBeVisible();
    await goToPayPage(page);
    await payWith(page);
    await expect(page.getByRole("img", { name: /^Entry code/ })).toHaveCount(2);
  });
}
