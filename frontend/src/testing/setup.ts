import "@testing-library/jest-dom/vitest";
import { onlineManager } from "@tanstack/react-query";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { forgetServerTime } from "#shared/time/clock.ts";

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/");
  onlineManager.setOnline(true);
  forgetServerTime();
});

afterEach(cleanup);
