import "@testing-library/jest-dom/vitest";
import { onlineManager } from "@tanstack/react-query";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { forgetServerTime } from "#shared/time/clock.ts";

// A visitor in London, whatever machine the tests run on.
Object.defineProperty(navigator, "languages", { value: ["en-GB"] });

// What jsdom does not have of dialogs; the end-to-end tests use the real ones.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
};
// Nor does it lay pages out, so there is nothing to scroll.
window.scrollTo = () => {};

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  history.replaceState(null, "", "/");
  onlineManager.setOnline(true);
  forgetServerTime();
});

afterEach(cleanup);
