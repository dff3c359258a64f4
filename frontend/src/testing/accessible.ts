import axe from "axe-core";
import { expect } from "vitest";

/** The page breaks no rule that can be told without its looks; the end-to-end tests check contrast and layout too. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
