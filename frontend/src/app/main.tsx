import "#shared/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "#shared/api/query-client.ts";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={newQueryClient()}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}

// Measuring must not slow down what it measures: it comes after the page, and hears of what happened before.
addEventListener("load", () => {
  void import("#features/vitals/vitals.ts").then(({ reportVitals }) => reportVitals());
});
