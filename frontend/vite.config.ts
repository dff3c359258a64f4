import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // `make dev` says where its shop is; on its own, `npm run dev` takes the one that `make up` runs.
  server: { port: 5173, proxy: { "/api": process.env.SHOP_URL ?? "http://localhost:8080" } },
  build: {
    target: ["chrome123", "edge123", "firefox125", "safari17.5"],
    // The content security policy allows no data: scripts or fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The licences of what is built in, as they ask for.
    license: { fileName: "licenses.md" },
  },
  test: {
    environment: "jsdom",
    env: { TZ: "Europe/London" },
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
  },
});
