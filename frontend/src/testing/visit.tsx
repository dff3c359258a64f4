import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { App } from "#app/app.tsx";
import { newQueryClient } from "#shared/api/query-client.ts";

/** Opens the shop at a path, as a visitor with a keyboard and a mouse. */
export function visit(path: string): UserEvent {
  history.replaceState(null, "", path);
  const client = newQueryClient();
  // The waits between attempts are the server's and the network's; a test has neither.
  client.setDefaultOptions({
    queries: { ...client.getDefaultOptions().queries, retryDelay: 1 },
    mutations: { ...client.getDefaultOptions().mutations, retryDelay: 1 },
  });
  render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
  return userEvent.setup();
}
