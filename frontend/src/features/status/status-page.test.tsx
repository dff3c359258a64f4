import { readFileSync } from "node:fs";
import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FiringAlert, Status } from "#shared/api/types.ts";
import { expectAccessible } from "#testing/accessible.ts";
import { aBudget, aStatus } from "#testing/samples.ts";
import { inTurn, ok, problem, stubApi } from "#testing/stub-api.ts";
import { visit } from "#testing/visit.tsx";

const ALERT: FiringAlert = {
  name: "SLOAvailabilityFastBurn",
  severity: "page",
  slo: "availability",
  journey: "book",
  summary: "Requests fail: the error budget goes too fast",
  since: "2030-05-04T17:20:00Z",
  runbook_url: "https://books.example.com/SLOAvailabilityFastBurn.md",
};

function show(part: Partial<Status> = {}) {
  stubApi({ "GET /api/status": () => ok(aStatus(part)) });
  return visit("/status");
}

test("an objective shows its promise, what is left of its budget, and how fast that goes", async () => {
  show();
  const card = within(await screen.findByRole("article", { name: "Requests answered well" }));
  expect(card.getByText("99.9% promised")).toBeVisible();
  expect(card.getByText("74.9% of the budget left")).toBeVisible();
  expect(card.getByText("burn rate 0.25 over 1h, burn rate 0.5 over 6h")).toBeVisible();
  expect(screen.getByText("Every budget that is measured has something left.")).toBeVisible();
  await expectAccessible();
});

test("the burn over time is a picture with a name and a description", async () => {
  show();
  const picture = await screen.findByRole("img", { name: "Requests answered well: burn rate over 1h" });
  expect(picture).toHaveAccessibleDescription(
    "Since 18:26. Hold tickets and pay for them: at most 20. From 13.44 on somebody is woken.",
  );
  expect(picture.querySelectorAll("path")).toHaveLength(1);
});

test("the same stands in a table", async () => {
  const user = show();
  await user.click(await screen.findByText("As a table"));
  const rows = screen.getAllByRole("row").map((row) => row.textContent);
  expect(rows).toEqual([
    "TimeHold tickets and pay for them",
    "18:26not measured",
    "18:270.5",
    "18:281",
    "18:2920",
    "18:300.25",
  ]);
});

test("each journey of the promise has its own line, told apart by a legend", async () => {
  const journeys = promisedJourneys();
  show({ budgets: journeys.map((journey) => aBudget({ journey, journey_title: `To ${journey}` })) });
  const card = await screen.findByRole("article");
  expect(card.querySelectorAll("figure > ul > li")).toHaveLength(journeys.length);
  const classes = [...card.querySelectorAll("figure > svg path")].map((path) => path.getAttribute("class"));
  expect(new Set(classes).size).toBe(journeys.length);
  await expectAccessible();
});

/** As slo.yaml has them, read from what is made of it for the load tests. */
function promisedJourneys(): string[] {
  const made = readFileSync("../loadtests/thresholds.js", "utf-8");
  const found: unknown = JSON.parse(/"journeys": (\[[^\]]*\])/.exec(made)?.[1] ?? "[]");
  expect(found).toContain("book");
  return found as string[];
}

test("a budget that is gone, and one that goes too fast, say so in words", async () => {
  const burn = [{ window: "1h", rate: 20, limit: 13.44 }];
  show({ budgets: [aBudget({ left: -0.5, burn })] });
  expect(await screen.findByText("Overspent by 50% of the budget")).toBeVisible();
  expect(screen.getByText("burn rate 20 over 1h, too fast")).toBeVisible();
  expect(screen.getByText("1 budget is used up.")).toBeVisible();
});

test.each([
  ["allow", [], null],
  ["warn", [], "Releases go out with care"],
  ["block", ["fix", "security"], "Only fixes, security fixes and rollbacks may go out"],
  ["block", ["security"], "Only security fixes and rollbacks may go out"],
  ["block", [], "Only rollbacks may go out"],
] as const)(
  "what the gate lets out is said by words and by the bar's colour: %s %o",
  async (verdict, excepted, words) => {
    show({ budgets: [aBudget({ tier: { verdict, excepted: [...excepted] } })] });
    const row = (await screen.findByText("74.9% of the budget left")).closest("li") as HTMLElement;
    expect(row.querySelector("[aria-hidden] > span")?.className).toContain(verdict);
    if (words === null) {
      expect(within(row).queryByText(/go out/)).not.toBeInTheDocument();
    } else {
      expect(within(row).getByText(words)).toBeVisible();
    }
    await expectAccessible();
  },
);

test("that several services are in one Prometheus is said, with the worst of them", async () => {
  show({ prometheus: "several", advice: "They are told apart by environment (dev, prod)." });
  expect(await screen.findByText("Several services in one Prometheus")).toBeVisible();
  expect(screen.getByText("They are told apart by environment (dev, prod).")).toBeVisible();
  expect(screen.getByText("Every budget that is measured has something left.")).toBeVisible();
  expect(screen.getByRole("region", { name: "Alerts" })).toBeVisible();
});

test("where nobody is woken no limit is drawn, and no rate is too fast", async () => {
  show({ budgets: [aBudget({ burn: [{ window: "1h", rate: 20, limit: null }] })] });
  expect(await screen.findByText("burn rate 20 over 1h")).toBeVisible();
  expect(screen.getByRole("img")).not.toHaveTextContent("somebody is woken");
});

test("before anybody has asked for anything there is nothing to plot", async () => {
  const burn = [{ window: "1h", rate: null, limit: 13.44 }];
  show({ budgets: [aBudget({ left: null, burn, history: [null, null] })] });
  expect(await screen.findByText("Nothing measured yet")).toBeVisible();
  expect(screen.getByText(/No burn rate yet/)).toBeVisible();
  expect(screen.queryByRole("img")).not.toBeInTheDocument();
  await expectAccessible();
});

test("a firing alert comes first, with the way to its runbook", async () => {
  show({ alerts: [ALERT] });
  const alert = within(within(await screen.findByRole("region", { name: "Alerts" })).getByRole("listitem"));
  expect(alert.getByText(ALERT.summary)).toBeVisible();
  expect(
    alert.getByText(/SLOAvailabilityFastBurn, since 4 May, 18:20\. Somebody is being woken\./),
  ).toBeVisible();
  expect(alert.getByRole("link", { name: /^What to do/ })).toHaveAttribute("href", ALERT.runbook_url);
  expect(screen.getByText("Something is wrong: 1 urgent alert firing.")).toBeVisible();
  await expectAccessible();
});

test("that no alert fires is said", async () => {
  show();
  expect(
    within(await screen.findByRole("region", { name: "Alerts" })).getByText("None is firing."),
  ).toBeVisible();
});

test("without Prometheus it says how to add it, shows the promise, and claims nothing of alerts", async () => {
  const advice = "PROMETHEUS_URL is not set: `make up` starts one.";
  const nothing = aBudget({ left: null, burn: [{ window: "1h", rate: null, limit: 13.44 }], history: [] });
  show({ prometheus: "missing", advice, budgets: [nothing], history: null });
  expect(await screen.findByText("Prometheus is missing")).toBeVisible();
  expect(screen.getByText("make up").tagName).toBe("CODE");
  expect(screen.getByText("99.9% promised")).toBeVisible();
  expect(screen.queryByRole("region", { name: "Alerts" })).not.toBeInTheDocument();
  expect(screen.getByText("How the promise is kept is not known.")).toBeVisible();
  await expectAccessible();
});

test.each([
  [{ broken: ["stock: pool 7"], checked_at: "2030-05-04T17:29:55Z", known: true }, /stock: pool 7/],
  [{ broken: [], checked_at: "2030-05-04T17:29:55Z", known: true }, /They agree\. Checked at 18:29/],
  [{ broken: [], checked_at: null, known: true }, /Not checked yet/],
  [{ broken: [], checked_at: null, known: false }, /the database cannot be asked/],
])("whether stock, orders and money agree is said: %o", async (invariants, words) => {
  show({ invariants });
  const section = await screen.findByRole("region", { name: "Stock, orders and money" });
  expect(section).toHaveTextContent(words);
});

test("when the status cannot be had the page says so and tries again on request", async () => {
  const down = () => problem("unavailable", 503);
  stubApi({ "GET /api/status": inTurn(down, down, down, () => ok(aStatus())) });
  const user = visit("/status");
  const alert = await screen.findByRole("alert");
  await user.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("article", { name: "Requests answered well" })).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("every page leads there", async () => {
  stubApi({
    "GET /api/events": () => ok({ events: [], count: 0, total: 0, page: 1 }),
    "GET /api/status": () => ok(aStatus()),
  });
  const user = visit("/");
  await user.click(screen.getByRole("link", { name: "Status" }));
  expect(await screen.findByRole("heading", { name: "Status", level: 1 })).toBeVisible();
});
